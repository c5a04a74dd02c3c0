/// Finds the end of a run of allowed bytes, eight at a time.
package enum ByteScan {
    @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inlinable static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// The first position in `start..<end` whose byte cannot stand in a field's value: a control
    /// other than tab. `end` when there is none.
    @inlinable @inline(__always)
    package static func endOfFieldBytes(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int)
        -> Int
    {
        var position = start
        while position + 8 <= end {
            let word = load(bytes + position)
            let found = controls(word)
            if found == 0 {
                position += 8
                continue
            }
            position += found.trailingZeroBitCount >> 3
            guard bytes[position] == 0x09 else { return position }
            position += 1
        }
        while position < end,
            bytes[position] >= 0x20 ? bytes[position] != 0x7F : bytes[position] == 0x09
        {
            position += 1
        }
        return position
    }

    /// The first position in `start..<end` whose byte is not visible ASCII or a space.
    @inlinable @inline(__always)
    package static func endOfVisible(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int
    {
        var position = start
        while position + 8 <= end {
            let word = load(bytes + position)
            let found = controls(word) | (word & highBits)
            if found != 0 { return position + (found.trailingZeroBitCount >> 3) }
            position += 8
        }
        while position < end, bytes[position] &- 0x20 < 0x5F { position += 1 }
        return position
    }

    /// The lowest set bit stands in the first byte that is below 0x20 or 0x7F. Bits above it may be
    /// set wrongly, by borrows.
    @inlinable @inline(__always)
    static func controls(_ word: UInt64) -> UInt64 {
        let belowSpace = (word &- ones &* 0x20) & ~word
        let deletes = word ^ (ones &* 0x7F)
        return (belowSpace | ((deletes &- ones) & ~deletes)) & highBits
    }

    @inlinable @inline(__always)
    static func load(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
    }
}
