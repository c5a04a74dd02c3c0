import PluginAPI

/// Reads the head of a request (RFC 9112 §3, §5 and §6).
///
/// Every byte is looked at once, however the head arrives, and the result does not depend on where
/// the reads split it. After `.head`, and until `reset()`, it tells how the message goes on.
package struct RequestParser: Sendable {
    package private(set) var framing = BodyFraming.none
    /// Whether the client wants the connection kept after this message.
    package private(set) var keepAlive = true
    /// Whether the client waits for `100 Continue` before it sends the body.
    package private(set) var expectsContinue = false

    package init() {}

    /// Goes on reading.
    /// - Parameters:
    ///   - bytes: everything received since the end of the last message, the same bytes first as in
    ///     the call before.
    ///   - request: empty at the first call. What has been read so far is always safe to look at:
    ///     after `.invalid` it holds what came before the fault, for records.
    package mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, into request: Request, limits: HeadLimits
    ) -> ParseResult {
        .incomplete
    }

    /// Gets ready for the next message's head.
    package mutating func reset() { self = RequestParser() }
}
