/// Posts to one server elsewhere, by HTTP, over a connection that it keeps.
///
/// For a thread of the plugin's own, one at a time: it blocks. A server that speaks TLS must prove its name,
/// and redirects are not followed.
public protocol PostClient: AnyObject {
    /// Sends a body, and waits for the answer.
    /// - Parameters:
    ///   - fields: of the request's head, such as Content-Type; not those that frame it.
    ///   - timeout: for everything, connecting included.
    /// - Throws: why there was no answer, for people: no secret.
    func post(
        _ body: UnsafeBufferPointer<UInt8>, fields: [(String, String)], timeout: Duration
    ) throws -> PostAnswer
}

/// What a server has answered.
public struct PostAnswer: Sendable {
    public let status: Int
    /// How long the server asks to be left alone, where it says so in seconds (RFC 9110 §10.2.3).
    public let retryAfter: Duration?
    /// Its first 64 KiB.
    public let body: [UInt8]

    public init(status: Int, retryAfter: Duration? = nil, body: [UInt8] = []) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}
