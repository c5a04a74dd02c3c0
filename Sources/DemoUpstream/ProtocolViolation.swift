/// A request that breaks HTTP/1.1, or a limit of this server. It is answered, and the connection closes.
struct ProtocolViolation: Error {
    let status: Int
    let message: String

    init(_ message: String, status: Int = 400) {
        self.status = status
        self.message = message
    }
}
