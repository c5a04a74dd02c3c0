/// Watches one exchange on its way: how long its plugins' hooks take, and each attempt at the upstream.
///
/// A plugin sets one in its request phase, for the exchanges that it wants to watch:
///
///     exchange.observer = MyObserver()
///
/// It learns of what comes after that, until the exchange has completed or somebody sets another. Other
/// exchanges pay for it with a look at a property that is nil. It is called on the exchange's own loop, and
/// must not block.
public protocol ExchangeObserver: AnyObject {
    /// A hook has returned just now, or, where it waits, has decided. What it decided will be in
    /// `exchange.decisions`; a hook that reads shared state may be told of twice, when it has asked and when
    /// it has decided.
    /// - Parameters:
    ///   - plugin: its label.
    ///   - nanoseconds: how long it took, with what it waited for.
    func hookEnded(_ exchange: Exchange, _ plugin: String, _ phase: Phase, nanoseconds: Int64)

    /// The request is about to be handed to the transport. Fields that are set here go out with this attempt.
    func attemptBegins(_ exchange: Exchange, to target: AttemptTarget)

    /// The attempt that began last has ended: with a whole answer, without one, or because nobody wants it.
    func attemptEnded(_ exchange: Exchange, _ result: AttemptResult)
}

/// Where an attempt goes.
public struct AttemptTarget: Sendable, Equatable {
    /// A name or an address without brackets, as configured; the path of a unix socket.
    public let host: String
    /// Nil for a unix socket.
    public let port: Int?
    /// Whether by TLS.
    public let isSecure: Bool

    public init(host: String, port: Int?, isSecure: Bool) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }
}

/// What has become of an attempt.
public struct AttemptResult: Sendable, Equatable {
    /// Of the target's answer, whatever plugins have made of it; nil when its head has not come.
    public let status: Int?
    /// Nil when the answer was whole, or not wanted any more.
    public let failure: Failure?
    /// Why it failed, for a person.
    public let detail: String?

    public enum Failure: String, Sendable {
        /// There was no connection.
        case unreachable
        /// Connecting, the answer's head or its next bytes took too long.
        case timeout
        /// The connection broke, or what came is no HTTP.
        case broken
    }

    public init(status: Int?, failure: Failure? = nil, detail: String? = nil) {
        self.status = status
        self.failure = failure
        self.detail = detail
    }
}
