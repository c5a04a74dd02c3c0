import PluginAPI

/// Writes the heads of messages.
///
/// Fields go out in order, in the case in which they came, but for those that concern one
/// connection only: these, and the framing, are written as told.
package enum HeadWriter {
    /// - Parameters:
    ///   - framing: `.length` also announces the length of a body that does not follow (HEAD, 304).
    ///   - keepAlive: whether this connection stays open.
    ///   - minorVersion: the client's. To a 1.0 client `Connection: keep-alive` is said aloud, to a
    ///     1.1 client only `close`; never `.chunked` to a 1.0 client.
    ///   - date: written when the answer has no Date of its own.
    package static func writeResponse(
        _ response: Response, framing: BodyFraming, keepAlive: Bool, minorVersion: Int,
        date: DateField?, to buffer: inout ByteBuffer
    ) {}

    /// An interim answer without fields: `HTTP/1.1 100 Continue`.
    package static func writeContinue(to buffer: inout ByteBuffer) {
        buffer.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Writes the request in origin form with its own path and query.
    /// - Parameters:
    ///   - pathPrefixRemoved: so many bytes of the path are left out at its start.
    ///   - pathPrefixAdded: goes before what is left of the path.
    ///   - framing: not `.untilClose`.
    package static func writeRequest(
        _ request: Request, pathPrefixAdded: UnsafeBufferPointer<UInt8>? = nil,
        pathPrefixRemoved: Int = 0, framing: BodyFraming, keepAlive: Bool = true,
        to buffer: inout ByteBuffer
    ) {}
}
