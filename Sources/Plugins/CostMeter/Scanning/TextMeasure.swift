import PluginAPI

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

    /// How many digits of a character's code are still to come.
    private var codeDigits = 0
    private var codeIsShort = true

    /// Adds text as UTF-8. A character may be cut by its end.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard var here = text.baseAddress else { return }
        var left = text.count
        while codeDigits > 0, left > 0 {
            addCodeDigit(here.pointee)
            here += 1
            left -= 1
        }
        while left > 0 {
            // A lane of a sum holds no more.
            let count = min(left, 255 * ByteVector.scalarCount)
            addASCII(here, count)
            here += count
            left -= count
        }
    }

    private mutating func addASCII(_ start: UnsafePointer<UInt8>, _ count: Int) {
        var (letter, space, digit) = (ByteVector.zero, ByteVector.zero, ByteVector.zero)
        var more = ByteVector.zero
        ByteVector.forEach(start, count) { bytes in
            // Each lane that says yes is all ones, which is minus one.
            letter &-= (bytes | 0x20).isWithin(0x61, 0x7A)
            space &-= bytes.isEqual(to: 0x20)
            digit &-= bytes.isWithin(0x30, 0x39)
            more &-= bytes.isHigh
        }
        let (letterCount, spaceCount, digitCount) = (letter.total, space.total, digit.total)
        let moreCount = more.total
        letters += letterCount
        spaces += spaceCount
        digits += digitCount
        marks += count - letterCount - spaceCount - digitCount - moreCount
        if moreCount > 0 { addMore(start, count) }
    }

    /// Adds what is more than ASCII, by the first bytes of characters of at least so many bytes.
    private mutating func addMore(_ start: UnsafePointer<UInt8>, _ count: Int) {
        var (two, three, four) = (ByteVector.zero, ByteVector.zero, ByteVector.zero)
        ByteVector.forEach(start, count) { bytes in
            two &-= bytes.isWithin(0xC0, 0xFF)
            three &-= bytes.isWithin(0xE0, 0xFF)
            four &-= bytes.isWithin(0xF0, 0xFF)
        }
        twoBytes += two.total - three.total
        threeBytes += three.total - four.total
        fourBytes += four.total
    }

    /// Adds an escaped character. Of a `\u` the four digits come next, as text.
    mutating func addEscape(isUnicode: Bool) {
        codeDigits = isUnicode ? 4 : 0
        codeIsShort = true
        if !isUnicode { marks += 1 }
    }

    /// Of what UTF-8 writes with two bytes, the codes are below 0800.
    private mutating func addCodeDigit(_ digit: UInt8) {
        if codeDigits == 4, digit != UInt8(ascii: "0") { codeIsShort = false }
        if codeDigits == 3, digit > UInt8(ascii: "7") { codeIsShort = false }
        codeDigits -= 1
        guard codeDigits == 0 else { return }
        if codeIsShort { twoBytes += 1 } else { threeBytes += 1 }
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
}
