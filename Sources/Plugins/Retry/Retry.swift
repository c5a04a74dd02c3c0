import PluginAPI

/// Sends requests to the upstream again that have come to nothing.
public struct Retry: RequestPhase {
    public static let name = "retry"
    public static let summary =
        "Sends requests to the upstream again while nothing of an answer has reached the client."

    /// Whether a request is sent again whose method is not idempotent (RFC 9110 §9.2.2), such as a POST.
    package enum NonIdempotent: String, SettingChoice {
        case never
        /// Where it brings an Idempotency-Key, by which the upstream knows it again.
        case whenKeyed
        case always
    }

    public struct Configuration: PluginConfiguration {
        @Setting(
            "attempts", "How often a request is sent at most, the first time included.",
            in: 2...10, unit: "attempts")
        public var attempts = 3

        @Setting("statuses", "Statuses of the upstream after which a request is sent again.")
        public var statuses: [Int] = [502, 503, 504]

        @Setting("onBreak", "Whether to, when the connection broke before an answer.")
        public var onBreak = true

        @Setting("onTimeout", "Whether to, when the answer's head did not come in time.")
        public var onTimeout = false

        @Setting(
            "nonIdempotent",
            "Whether to send requests again whose method is not idempotent, such as POST.")
        package var nonIdempotent = NonIdempotent.whenKeyed

        @Setting(
            "delay", "The wait before the second attempt; it doubles each time.",
            in: .zero ... .seconds(60))
        public var delay: Duration = .milliseconds(100)

        @Setting(
            "maximumDelay",
            "The longest wait; an upstream that asks for more, by Retry-After, is not asked again.",
            in: .zero ... .seconds(300))
        public var maximumDelay: Duration = .seconds(10)

        public init() {}

        public func validate() throws(ConfigurationError) {
            if let place = statuses.firstIndex(where: { !(400...599).contains($0) }) {
                throw ConfigurationError(
                    setting: "statuses[\(place)]", expected: "a status from 400 to 599",
                    found: "\(statuses[place])")
            }
            if delay > maximumDelay {
                throw ConfigurationError(
                    setting: "delay", "it is longer than \"maximumDelay\" (\(maximumDelay))")
            }
        }
    }

    private let policy: RetryPolicy
    private let nonIdempotent: NonIdempotent

    public var decidesBy: RequestParts? { nil }

    public init(_ configuration: Configuration, _ setup: Setup) {
        policy = RetryPolicy(
            attempts: configuration.attempts, statuses: configuration.statuses,
            onBreak: configuration.onBreak, onTimeout: configuration.onTimeout,
            delay: configuration.delay, maximumDelay: configuration.maximumDelay)
        nonIdempotent = configuration.nonIdempotent
    }

    public func request(_ exchange: Exchange) -> Decision {
        guard mayRepeat(exchange.request) else {
            // What certainly was not processed may be sent again whatever it does.
            exchange.retry = RetryPolicy(
                attempts: policy.attempts, delay: policy.delay, maximumDelay: policy.maximumDelay)
            return .proceed
        }
        exchange.retry = policy
        return .proceed
    }

    private func mayRepeat(_ request: Request) -> Bool {
        request.isIdempotent || nonIdempotent == .always
            || nonIdempotent == .whenKeyed && request.headers["idempotency-key"] != nil
    }
}
