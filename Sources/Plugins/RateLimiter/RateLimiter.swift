import PluginAPI

/// Limits requests or tokens by any key.
public struct RateLimiter: SharedStatePhase, ResponseHeadPhase, CompletedPhase {
    public static let name = "rate-limiter"
    public static let summary =
        "Limits requests or tokens by any key: identity, route, header, model."
    public static let reads: [any FactDeclaration] = [
        Facts.clientAddress, Facts.identity.required, Facts.tier.required, Facts.model.required,
        Facts.ownLimits, Facts.limitMultiplier, Facts.usage.whenCompleted.required,
    ]

    /// What a request costs.
    package enum Cost: String, SettingChoice {
        case requests
        case tokens
    }

    public struct Configuration: PluginConfiguration, LimiterSettings {
        @Setting("key", "What is counted by; of several, their combination.")
        package var key: OneOrList<KeyPart>

        @Setting("limit", LimiterText.limit) public var limit: OneOrList<Rate>

        @Setting("cost", "What is counted; tokens when they are known, at the end of the answer.")
        package var cost = Cost.requests

        @Setting(
            "whenMissing",
            "What becomes of requests that lack a part of the key: one limit for all of these, or none."
        )
        var whenMissing = LimitKey.WhenMissing.shared

        @Setting(
            "ownLimits",
            "Whether limits that the identity has been given hold in place of these; unless told, where the key is the identity alone and requests are counted."
        )
        public var ownLimits: Bool?

        @Setting("algorithm", LimiterText.algorithm)
        package var algorithm = LimitAlgorithm.slidingWindow

        @Setting("burst", LimiterText.burst, in: 1...) public var burst: Int?

        @Setting("headers", LimiterText.headers) public var headers = true

        @Setting("maxKeys", LimiterText.maxKeys, in: LimiterText.keyRange, unit: "keys")
        public var maxKeys = LimiterText.defaultMaxKeys

        public init() {}

        public func validate() throws(ConfigurationError) {
            try LimitKey.check(key.values)
            if ownLimits == true, !key.values.contains(where: { $0.name == KeyPart.identity.name })
            {
                throw ConfigurationError(
                    setting: "ownLimits",
                    "limits of an identity hold by identity only; add \"identity\" to \"key\"")
            }
        }

        var usesOwnLimits: Bool {
            ownLimits ?? (cost == .requests && key.values.map(\.name) == [KeyPart.identity.name])
        }
    }

    /// A step whose cost becomes known when the exchange has completed.
    private struct Pending: Sendable {
        let limiter: ObjectIdentifier
        let step: StateStep
    }

    /// Of all limiters of an exchange that count tokens.
    private static let pending = Fact<[Pending]>("rate_limiter_pending")

    private let limiter: Limiter
    private let limits: Limits
    private let key: LimitKey
    private let cost: Cost
    private let usesOwnLimits: Bool

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        key = LimitKey(configuration.key.values, configuration.whenMissing)
        limits = try configuration.limits(configuration.limit, burst: configuration.burst)
        cost = configuration.cost
        usesOwnLimits = configuration.usesOwnLimits
        limiter = Limiter(
            configuration, key: cost == .tokens ? key.name + "/tokens" : key.name, [limits],
            unit: cost == .tokens ? .tokens : .requests, setup)
    }

    public var state: JSONValue { limiter.state }

    public var decidesBy: RequestParts? { key.isOfFields ? .fields : [] }

    public func uses(_ fact: any FactDeclaration) -> Bool {
        switch fact.name {
        case Facts.ownLimits.name: usesOwnLimits
        case Facts.usage.name: cost == .tokens
        default: key.uses(fact)
        }
    }

    public func step(_ exchange: Exchange) -> StateStep? {
        guard let key = key.key(of: exchange) else { return nil }
        var limits = limits
        if usesOwnLimits, let own = exchange[Facts.ownLimits], !own.isEmpty { limits = Limits(own) }
        return limiter.step(key, limits, cost: cost == .tokens ? 0 : 1, exchange)
    }

    public func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision {
        if cost == .tokens {
            exchange[Self.pending, default: []].append(Pending(limiter: limiter.id, step: step))
        }
        return limiter.decide(exchange, step, result)
    }

    public func withdrawal(of step: StateStep) -> StateStep? { limiter.withdrawal(of: step) }

    public func responseHead(_ exchange: Exchange) { limiter.writeFields(exchange) }

    public func completed(_ exchange: Exchange) {
        guard cost == .tokens, let usage = exchange[Facts.usage],
            let step = exchange[Self.pending]?.first(where: { $0.limiter == limiter.id })?.step
        else { return }
        let tokens = usage.total ?? (usage.input ?? 0) + (usage.output ?? 0)
        if tokens > 0 { exchange.take(limiter.charge(Double(tokens), like: step)) }
    }
}
