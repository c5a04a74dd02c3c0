import PluginAPI

/// Whether a record has seen at least so many addresses lately: a bit for each address instead of the
/// address itself.
///
/// Each address has one of `bits` places, by its hash; the bits that are set are counted. Two addresses
/// may share a place and count as one, never the other way round: so there is never a yes for fewer than
/// `threshold` addresses. With eight places for each address asked for, a yes comes after 7 % more of
/// them on average (`-8 ln(1 - 1/8) - 1`); with the least that there can be, after 12 % more.
///
/// There are bits of this window and of the last one, and what is in either counts: an address counts
/// for one to two windows after its last request. Windows begin at multiples of their length, for all
/// records and processes alike. A step takes the same time however many addresses there are.
struct AddressSketch: Sendable {
    /// Those that a double holds exactly, with room to spare.
    private static let bitsInWord = 48
    private static let mostWords = 100
    private static let bitsForAddress = 8

    static let highestThreshold = 1000

    let threshold: Int
    /// In µs.
    let window: Double
    /// How many words hold the bits of one window.
    let words: Int

    // A sketch in a record: the window's number, how many bits of this window are set, how many of this
    // or the last; then the words of this window, then those of the last.
    private static let header = 3

    /// - Parameter threshold: 1 to `highestThreshold`.
    init(threshold: Int, window: Duration) {
        self.threshold = threshold
        self.window = Double(window.nanoseconds) / 1000
        let needed =
            (threshold * Self.bitsForAddress + Self.bitsInWord - 1) / Self.bitsInWord
        words = min(needed, Self.mostWords)
    }

    var bits: Int { words * Self.bitsInWord }
    /// How many words of a record it takes.
    var size: Int { Self.header + 2 * words }

    /// The place of a client's bit.
    /// - Parameter fingerprint: so that those who share a place differ from fingerprint to fingerprint.
    func place(of client: Network, fingerprint: UInt64) -> Int {
        let bits = client.address.bits
        var hash = StableHash(seed: fingerprint)
        hash.combine(UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
        return Int(hash.value.multipliedFullWidth(by: UInt64(self.bits)).high)
    }

    /// How long a record has to be kept for what has been noted now, in µs.
    func lifetime(now: Double) -> Double { (number(now) + 2) * window - now }

    /// Notes an address in the sketch that begins at a word of a record.
    /// - Returns: how many bits are set, and whether this one was not.
    func note(_ place: Int, in record: inout MutableSpan<Double>, at start: Int, now: Double)
        -> (bits: Int, isNew: Bool)
    {
        turn(&record, start, to: number(now))
        let before = record[start + 2]
        let word = start + Self.header + place / Self.bitsInWord
        let bit = UInt64(1) << UInt64(place % Self.bitsInWord)
        if UInt64(record[word]) & bit == 0 {
            record[word] += Double(bit)
            record[start + 1] += 1
            if UInt64(record[word + words]) & bit == 0 { record[start + 2] += 1 }
        }
        return (Int(record[start + 2]), record[start + 2] > before)
    }

    /// Makes the sketch in a record what it would be had it noted the other's addresses as well.
    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>, at start: Int) {
        if other[start] > record[start] { turn(&record, start, to: other[start]) }
        let lag = record[start] - other[start]
        var (inThis, inEither) = (0, 0)
        for word in start + Self.header..<start + Self.header + words {
            var this = UInt64(record[word])
            var last = UInt64(record[word + words])
            if lag == 0 {
                this |= UInt64(other[word])
                last |= UInt64(other[word + words])
            } else if lag == 1 {
                last |= UInt64(other[word])
            }
            record[word] = Double(this)
            record[word + words] = Double(last)
            inThis += this.nonzeroBitCount
            inEither += (this | last).nonzeroBitCount
        }
        record[start + 1] = Double(inThis)
        record[start + 2] = Double(inEither)
    }

    private func number(_ now: Double) -> Double { (now / window).rounded(.down) }

    /// Begins a window, unless it has begun. One that is just over stays: a clock may step back a little.
    private func turn(_ record: inout MutableSpan<Double>, _ start: Int, to number: Double) {
        let passed = number - record[start]
        if passed == 0 || passed == -1 { return }
        for word in start + Self.header..<start + Self.header + words {
            record[word + words] = passed == 1 ? record[word] : 0
            record[word] = 0
        }
        record[start + 2] = passed == 1 ? record[start + 1] : 0
        record[start] = number
        record[start + 1] = 0
    }
}
