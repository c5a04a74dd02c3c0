import PluginAPI

/// A whole request line, without its CRLF: `GET /v1/models HTTP/1.1` (RFC 9112 §3).
struct RequestLine {
    private let bytes: UnsafeBufferPointer<UInt8>

    /// - Parameter bytes: visible ASCII and spaces.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Sets the request's method, version and ranges, counted from the line's start. A wrong line
    /// sets nothing.
    /// - Returns: the authority of a target in absolute form. For OPTIONS with such a target and no
    ///   path, the path is left empty: `*` is meant (RFC 9112 §3.2.4), and does not stand in the line.
    func read(into request: Request) throws(HTTPError) -> ByteRange? {
        let space = UInt8(ascii: " ")
        guard let methodEnd = bytes.firstIndex(of: space), methodEnd > 0,
            let targetEnd = bytes[(methodEnd + 1)...].firstIndex(of: space),
            targetEnd > methodEnd + 1,
            !bytes[(targetEnd + 1)...].contains(space)
        else { throw .malformedRequestLine }

        let name = bytes.slice(0..<methodEnd)
        guard name.allSatisfy(ASCII.isTokenByte) else { throw .malformedMethod }
        let method = Method(name)
        guard let version = HTTPVersion(bytes.slice(targetEnd + 1..<bytes.count)) else {
            throw .malformedVersion
        }
        guard version.major == 1 else { throw .unsupportedVersion }
        guard method != .connect else { throw .unsupportedMethod }
        guard let target = RequestTarget(bytes, from: methodEnd + 1, to: targetEnd, of: method)
        else { throw .malformedTarget }

        request.method = method
        request.methodRange = ByteRange(offset: 0, count: methodEnd)
        request.targetRange = ByteRange(offset: methodEnd + 1, count: targetEnd - methodEnd - 1)
        request.pathRange = target.path
        request.queryRange = target.query
        request.minorVersion = version.effectiveMinor
        return target.authority
    }
}
