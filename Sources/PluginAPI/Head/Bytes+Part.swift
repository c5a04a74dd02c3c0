extension Bytes {
    /// A run within this one; it refers to the same memory.
    /// - Precondition: `positions` is within `startIndex...endIndex`.
    public func part(_ positions: Range<Int>) -> Bytes {
        precondition(
            positions.lowerBound >= 0 && positions.upperBound <= range.count, "range out of bounds")
        return Bytes(
            storage: storage,
            range: ByteRange(offset: range.offset + positions.lowerBound, count: positions.count))
    }

    /// Without the spaces and tabs at both ends (RFC 9110 §5.6.3).
    public var trimmed: Bytes {
        withBytes { bytes in
            func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
            var (start, end) = (0, bytes.count)
            while start < end, isSpace(bytes[start]) { start += 1 }
            while end > start, isSpace(bytes[end - 1]) { end -= 1 }
            return part(start..<end)
        }
    }
}
