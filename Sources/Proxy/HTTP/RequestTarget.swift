import PluginAPI

/// The parts of a request's target (RFC 9112 §3.2), as ranges of the request line.
struct RequestTarget {
    private(set) var path: ByteRange
    private(set) var query: ByteRange?
    /// Of the absolute form only.
    private(set) var authority: ByteRange?

    /// Nil when it is none of the forms that a reverse proxy is sent: origin, absolute with http or
    /// https, and the asterisk of OPTIONS.
    /// - Parameter line: holds the target between `start` and `end`, which are not equal.
    init?(_ line: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, of method: Method) {
        let slash = UInt8(ascii: "/")
        if line[start] == slash {
            path = ByteRange(offset: start, count: end - start)
            guard splitQuery(line, from: start, to: end) else { return nil }
            return
        }
        if line[start] == UInt8(ascii: "*") {
            guard method == .options, end == start + 1 else { return nil }
            path = ByteRange(offset: start, count: 1)
            return
        }

        let authorityStart: Int
        if end - start > 7, line.slice(start..<start + 7).equalsIgnoringCase("http://") {
            authorityStart = start + 7
        } else if end - start > 8, line.slice(start..<start + 8).equalsIgnoringCase("https://") {
            authorityStart = start + 8
        } else {
            return nil
        }
        let authorityEnd =
            line[authorityStart..<end].firstIndex { $0 == slash || $0 == UInt8(ascii: "?") } ?? end
        // User information is refused with it: it serves to make one host look like another
        // (RFC 9110 §4.2.4).
        guard HostSyntax.isValid(line.slice(authorityStart..<authorityEnd)) else { return nil }
        authority = ByteRange(offset: authorityStart, count: authorityEnd - authorityStart)
        path = ByteRange(offset: authorityEnd, count: end - authorityEnd)
        guard splitQuery(line, from: authorityEnd, to: end) else { return nil }
        if path.count == 0, method != .options || query != nil {
            // An empty path means `/`, and one stands right before the authority.
            path = ByteRange(offset: authorityStart - 1, count: 1)
        }
    }

    /// False when there is a fragment, which is never sent (RFC 9110 §7.1): what is behind it would
    /// be path to one reader and nothing to another.
    private mutating func splitQuery(
        _ line: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int
    ) -> Bool {
        var mark: Int?
        for position in start..<end {
            switch line[position] {
            case UInt8(ascii: "#"): return false
            case UInt8(ascii: "?") where mark == nil: mark = position
            default: continue
            }
        }
        if let mark {
            path = ByteRange(offset: start, count: mark - start)
            query = ByteRange(offset: mark + 1, count: end - mark - 1)
        }
        return true
    }
}
