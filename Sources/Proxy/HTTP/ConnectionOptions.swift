/// What the Connection fields of a message say about keeping the connection (RFC 9112 §9.3).
struct ConnectionOptions: Sendable {
    private var hasClose = false
    private var hasKeepAlive = false

    mutating func read(_ value: UnsafeBufferPointer<UInt8>) {
        for option in FieldList(value) {
            if option.equalsIgnoringCase("close") {
                hasClose = true
            } else if option.equalsIgnoringCase("keep-alive") {
                hasKeepAlive = true
            }
        }
    }

    func keepAlive(minorVersion: Int) -> Bool {
        !hasClose && (minorVersion >= 1 || hasKeepAlive)
    }
}
