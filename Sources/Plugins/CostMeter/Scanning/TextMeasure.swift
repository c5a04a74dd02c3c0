/// How much text there is, by kinds of characters that make tokens of different sizes.
struct TextMeasure: Sendable, Equatable {
    private(set) var letters = 0
    private(set) var spaces = 0
    private(set) var digits = 0
    /// The rest of ASCII.
    private(set) var marks = 0
    /// Characters of two bytes: Latin with accents, Greek, Cyrillic, Hebrew, Arabic.
    private(set) var twoBytes = 0
    /// Of three bytes: most of Asia.
    private(set) var threeBytes = 0
    /// Of four bytes: emoji and rare characters.
    private(set) var fourBytes = 0

    var isEmpty: Bool { self == TextMeasure() }

    /// Adds text as UTF-8. A character may be cut by its end.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard var here = text.baseAddress else { return }
        var left = text.count
        while left > 0 {
            // Each lane of a sum can hold what 31 words of eight bytes can come to.
            var sums = Sums()
            var words = 0
            while left >= 8, words < 31 {
                sums.add(ByteWord.load(here))
                here += 8
                left -= 8
                words += 1
            }
            if left < 8, left > 0, words < 31 {
                var word: UInt64 = 0
                for place in 0..<left { word |= UInt64(here[place]) << UInt64(8 * place) }
                sums.add(word)
                left = 0
            }
            letters += Sums.total(sums.letters)
            spaces += Sums.total(sums.spaces)
            digits += Sums.total(sums.digits)
            let two = Sums.total(sums.fromTwoBytes)
            if two > 0 {
                let (three, four) = (
                    Sums.total(sums.fromThreeBytes), Sums.total(sums.fromFourBytes)
                )
                twoBytes += two - three
                threeBytes += three - four
                fourBytes += four
            }
            marks += Sums.total(sums.marks)
        }
    }

    /// Adds an escaped character. Of a `\u` the four digits come as text, and are none.
    mutating func addEscape(isUnicode: Bool) {
        if isUnicode {
            threeBytes += 1
            digits -= 4
        } else {
            marks += 1
        }
    }

    static func - (all: Self, part: Self) -> Self {
        var rest = all
        rest.letters -= part.letters
        rest.spaces -= part.spaces
        rest.digits -= part.digits
        rest.marks -= part.marks
        rest.twoBytes -= part.twoBytes
        rest.threeBytes -= part.threeBytes
        rest.fourBytes -= part.fourBytes
        return rest
    }

    /// How many bytes of each kind there are, in eight lanes.
    private struct Sums {
        var letters: UInt64 = 0
        var spaces: UInt64 = 0
        var digits: UInt64 = 0
        var marks: UInt64 = 0
        /// First bytes of characters of at least so many bytes.
        var fromTwoBytes: UInt64 = 0
        var fromThreeBytes: UInt64 = 0
        var fromFourBytes: UInt64 = 0

        @inline(__always)
        mutating func add(_ word: UInt64) {
            let ascii = ~word & ByteWord.highs
            let low = word & ~ByteWord.highs
            let letter = Self.within(low | ByteWord.ones &* 0x20, 0x61, 0x7A) & ascii
            let digit = Self.within(low, 0x30, 0x39) & ascii
            // Zeros fill up the last word, and are nothing.
            let space = Self.within(low, 0x20, 0x20) & ascii
            let mark = Self.within(low, 0x01, 0x7F) & ascii & ~letter & ~digit & ~space
            letters &+= letter >> 7
            digits &+= digit >> 7
            spaces &+= space >> 7
            marks &+= mark >> 7
            guard ascii != ByteWord.highs else { return }
            let two = word & (word << 1) & ByteWord.highs
            let three = two & (word << 2)
            fromTwoBytes &+= two >> 7
            fromThreeBytes &+= three >> 7
            fromFourBytes &+= (three & (word << 3)) >> 7
        }

        /// The high bit of each byte from `first` to `last`; all of them have to be below 0x80.
        @inline(__always)
        private static func within(_ low: UInt64, _ first: UInt8, _ last: UInt8) -> UInt64 {
            let atLeast = low &+ ByteWord.ones &* UInt64(0x80 - first)
            let above = low &+ ByteWord.ones &* UInt64(0x7F - last)
            return atLeast & ~above & ByteWord.highs
        }

        @inline(__always)
        static func total(_ lanes: UInt64) -> Int { Int((lanes &* ByteWord.ones) >> 56) }
    }
}
