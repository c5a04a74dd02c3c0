extension IPAddress {
    /// Calls `body` with the canonical text (RFC 5952), which is valid during the call. No allocation.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestText) { text in
            let count = write(to: text.baseAddress!)
            return try body(UnsafeBufferPointer(rebasing: text[..<count]))
        }
    }

    /// Eight groups of four digits and seven colons.
    static var longestText: Int { 39 }

    /// Writes the same.
    /// - Returns: how many bytes it takes.
    func write(to text: UnsafeMutablePointer<UInt8>) -> Int {
        var writer = AddressWriter(text: text)
        if isV4 {
            writer.writeV4(UInt32(truncatingIfNeeded: bits))
        } else {
            writer.writeV6(bits)
        }
        return writer.count
    }
}

private struct AddressWriter {
    let text: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    init(text: UnsafeMutablePointer<UInt8>) { self.text = text }

    mutating func writeV4(_ bits: UInt32) {
        writePart(bits >> 24)
        append(UInt8(ascii: "."))
        writePart(bits >> 16 & 0xFF)
        append(UInt8(ascii: "."))
        writePart(bits >> 8 & 0xFF)
        append(UInt8(ascii: "."))
        writePart(bits & 0xFF)
    }

    @inline(__always)
    private mutating func writePart(_ part: UInt32) {
        count += DecimalDigits.write(UInt(part), to: text + count)
    }

    mutating func writeV6(_ bits: UInt128) {
        let zeros = Self.longestRunOfZeros(bits)
        var group = 0
        while group < 8 {
            if group == zeros.lowerBound, !zeros.isEmpty {
                append(UInt8(ascii: ":"))
                append(UInt8(ascii: ":"))
                group = zeros.upperBound
                continue
            }
            if group > 0, group != zeros.upperBound || zeros.isEmpty { append(UInt8(ascii: ":")) }
            writeGroup(Self.group(bits, group))
            group += 1
        }
    }

    /// In lower case, without leading zeros (RFC 5952 §4.1, §4.3).
    private mutating func writeGroup(_ group: UInt16) {
        let digits: StaticString = "0123456789abcdef"
        var shift = max(0, (15 - group.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            append(digits.utf8Start[Int(group >> UInt16(shift) & 0xF)])
            shift -= 4
        }
    }

    /// The first of the longest runs of zero groups; empty when none is longer than one group
    /// (RFC 5952 §4.2).
    private static func longestRunOfZeros(_ bits: UInt128) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || group(bits, index) != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        return longest
    }

    private static func group(_ bits: UInt128, _ index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * index))
    }

    private mutating func append(_ byte: UInt8) {
        text[count] = byte
        count += 1
    }
}
