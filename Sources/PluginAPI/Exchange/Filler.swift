/// Bytes for a client that has long been sent nothing.
public struct Filler: Sendable {
    /// After how long without a byte; at least a millisecond.
    public var interval: Duration
    /// What can stand at the place in the body that has been reached.
    public var bytes: [UInt8]

    public init(after interval: Duration, _ bytes: [UInt8]) {
        self.interval = interval
        self.bytes = bytes
    }
}

/// A head that is sent before the upstream's has come, so that nobody on the way to the client takes the
/// silence for death.
///
/// It has status 200 and these fields. When the upstream's head comes, response head phases run as ever;
/// what they make of it is not sent any more (`Response.isCommitted`), its body is.
public struct EarlyHead: Sendable {
    /// After how long without the upstream's head.
    public var delay: Duration
    public var headers: [(String, String)]
    /// What keeps the client until then.
    public var filler: Filler

    public init(after delay: Duration, headers: [(String, String)], filler: Filler) {
        self.delay = delay
        self.headers = headers
        self.filler = filler
    }
}
