import PluginAPI

/// Finds the end of a message's first line, looking at each byte once.
struct StartLineScanner: Sendable {
    enum Step {
        case incomplete
        /// The line is `bytes[range]`; it and its CRLF end before `next`.
        case line(Range<Int>, next: Int)
        case tooLong
        case badLineEnd
        case badByte
    }

    /// Empty lines before a request that are forgiven (RFC 9112 §2.2): old clients send one behind a
    /// body.
    private static let emptyLinesAllowed = 4

    private(set) var start = 0
    private var position = 0

    /// - Parameters:
    ///   - skipsEmptyLines: whether a few empty lines may come first.
    ///   - allowsOpaqueBytes: whether tab and bytes outside ASCII may stand in the line.
    @inline(__always)
    mutating func next(
        _ bytes: UnsafeBufferPointer<UInt8>, lengthLimit: Int, skipsEmptyLines: Bool,
        allowsOpaqueBytes: Bool
    ) -> Step {
        guard let base = bytes.baseAddress else { return .incomplete }
        if skipsEmptyLines, position == start {
            while start < 2 * Self.emptyLinesAllowed, start < bytes.count,
                base[start] == UInt8(ascii: "\r")
            {
                guard start + 1 < bytes.count else { return .incomplete }
                guard base[start + 1] == UInt8(ascii: "\n") else { return .badLineEnd }
                start += 2
                position = start
            }
        }
        // One byte more than the limit, because a line of just that length ends in it.
        let end = min(bytes.count, start + lengthLimit + 1)
        position =
            allowsOpaqueBytes
            ? ByteScan.endOfFieldBytes(base, position, end)
            : ByteScan.endOfVisible(base, position, end)
        guard position < end else {
            return position > start + lengthLimit ? .tooLong : .incomplete
        }
        switch base[position] {
        case UInt8(ascii: "\r"):
            guard position + 1 < bytes.count else { return .incomplete }
            guard base[position + 1] == UInt8(ascii: "\n") else { return .badLineEnd }
            return .line(start..<position, next: position + 2)
        case UInt8(ascii: "\n"): return .badLineEnd
        default: return .badByte
        }
    }
}
