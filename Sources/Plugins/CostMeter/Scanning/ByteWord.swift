/// Eight bytes at a time.
///
/// Of each answer the lowest bit that is set is right; those above it may not be, because a subtraction
/// borrows from the bytes above one that it found.
enum ByteWord {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    static func load(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
    }

    /// The high bit of each byte that is that one.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highs
    }

    /// The high bit of each byte below 0x20.
    @inline(__always)
    static func control(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) & ~word & highs }

    /// The high bit of each byte at which the inside of a JSON string ends or changes: a quote, a
    /// backslash, or what must not stand in one.
    @inline(__always)
    static func stringBreak(_ word: UInt64) -> UInt64 {
        equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) | control(word)
    }

    /// The high bit of each byte that matters to one who only counts brackets.
    @inline(__always)
    static func bracketBreak(_ word: UInt64) -> UInt64 {
        // The square brackets differ from the curly ones in this bit, and nothing else becomes them by it.
        let folded = word | ones &* 0x20
        return equal(folded, UInt8(ascii: "{")) | equal(folded, UInt8(ascii: "}"))
            | equal(word, UInt8(ascii: "\"")) | control(word)
    }

    /// The place of the first byte whose high bit is set.
    @inline(__always)
    static func first(_ found: UInt64) -> Int { found.trailingZeroBitCount >> 3 }
}
