/// The bounds of a message's head. What passes one is refused when it passes, not at the head's end.
package struct HeadLimits: Sendable, Equatable {
    /// Bytes of the request line, or of an answer's status line, without its CRLF.
    package let requestLine: Int
    /// Bytes of all field lines together, with their CRLFs and the empty line.
    package let headers: Int
    package let headerCount: Int

    package init(requestLine: Int = 8192, headers: Int = 65536, headerCount: Int = 100) {
        // Positions in a head are 32 bits wide.
        self.requestLine = min(requestLine, 1 << 30)
        self.headers = min(headers, 1 << 30)
        self.headerCount = headerCount
    }
}
