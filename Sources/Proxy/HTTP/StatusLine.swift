import PluginAPI

/// `HTTP/1.1 200 OK`, without its CRLF (RFC 9112 §4).
struct StatusLine {
    let status: Int
    let minorVersion: Int

    /// Nil when it is not a status line of HTTP/1 with a status of 100 to 599.
    ///
    /// The reason is not used, and may be missing, with or without its space.
    /// - Parameter acceptsHTTP2: whether `HTTP/2` and `HTTP/3` may stand in the version's place.
    init?(_ bytes: UnsafeBufferPointer<UInt8>, acceptsHTTP2: Bool) {
        let codeStart: Int
        if bytes.count >= 12, let version = HTTPVersion(bytes.slice(0..<8)), version.major == 1 {
            minorVersion = version.effectiveMinor
            codeStart = 9
        } else if acceptsHTTP2, bytes.count >= 10,
            bytes.slice(0..<6).equals("HTTP/2") || bytes.slice(0..<6).equals("HTTP/3")
        {
            minorVersion = 1
            codeStart = 7
        } else {
            return nil
        }
        let space = UInt8(ascii: " ")
        guard bytes[codeStart - 1] == space,
            let status = ASCII.decimal(bytes.slice(codeStart..<codeStart + 3)), 100...599 ~= status,
            bytes.count == codeStart + 3 || bytes[codeStart + 3] == space
        else { return nil }
        self.status = status
    }
}
