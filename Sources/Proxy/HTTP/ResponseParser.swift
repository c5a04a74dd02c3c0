import PluginAPI

/// Reads the head of an answer (RFC 9112 §4, §5 and §6.3).
///
/// Resumes like `RequestParser`. Any fault means that the upstream broke the protocol: the caller
/// answers 502, whatever the error's own status.
package struct ResponseParser: Sendable {
    package private(set) var framing = BodyFraming.none
    /// Whether the upstream will keep the connection after this message.
    package private(set) var keepAlive = true
    private let acceptsHTTP2StatusLine: Bool

    /// - Parameter acceptsHTTP2StatusLine: reads `HTTP/2 200` and `HTTP/3 200` too, the form in which
    ///   libcurl hands over such heads.
    package init(acceptsHTTP2StatusLine: Bool = false) {
        self.acceptsHTTP2StatusLine = acceptsHTTP2StatusLine
    }

    /// Goes on reading. An interim answer (1xx) is a head like others; `reset` and read on.
    /// - Parameters:
    ///   - bytes: everything received since the end of the last head, the same bytes first as in the
    ///     call before.
    ///   - response: empty at the first call.
    ///   - method: that of the request; an answer to HEAD has no body.
    package mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, into response: Response, method: Method,
        limits: HeadLimits
    ) -> ParseResult {
        .incomplete
    }

    /// Gets ready for the next head.
    package mutating func reset() {
        self = ResponseParser(acceptsHTTP2StatusLine: acceptsHTTP2StatusLine)
    }
}
