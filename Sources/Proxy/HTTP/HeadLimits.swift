/// The bounds of a message's head. What passes one is refused when it passes, not at the head's end.
package struct HeadLimits: Sendable, Equatable {
    /// Bytes of the request line, or of an answer's status line, without its CRLF.
    package var requestLine: Int
    /// Bytes of all field lines together, with their CRLFs and the empty line.
    package var headers: Int
    package var headerCount: Int

    package init(requestLine: Int = 8192, headers: Int = 65536, headerCount: Int = 100) {
        self.requestLine = requestLine
        self.headers = headers
        self.headerCount = headerCount
    }
}
