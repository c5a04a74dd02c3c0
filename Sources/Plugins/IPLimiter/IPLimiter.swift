import PluginAPI

/// Limits the requests of each client address.
public struct IPLimiter: SharedStatePhase, ResponseHeadPhase {
    public static let name = "ip-limiter"
    public static let summary = "Limits the requests of each client address, by tiers of networks."
    public static let reads: [any FactDeclaration] = [Facts.clientAddress, Facts.limitMultiplier]

    public struct Configuration: PluginConfiguration, LimiterSettings {
        @Setting("limit", LimiterText.limit) public var limit: OneOrList<Rate>

        @Setting(
            "tiers", "Networks with a limit of their own; the first that holds the client counts.")
        public var tiers: [Tier] = []

        @Setting("allow", "Networks that are never limited, whatever tier holds them too.")
        public var allow: [NetworkSource] = []

        @Setting(
            "ipv6Prefix", "How much of an IPv6 address tells one client from another.",
            in: 16...128,
            unit: "bits")
        public var ipv6Prefix = 64

        @Setting("algorithm", LimiterText.algorithm)
        package var algorithm = LimitAlgorithm.slidingWindow

        @Setting("burst", LimiterText.burst, in: 1..., unit: "requests") public var burst: Int?

        @Setting("headers", LimiterText.headers) public var headers = true

        @Setting("maxKeys", LimiterText.maxKeys, in: LimiterText.keyRange, unit: "keys")
        public var maxKeys = LimiterText.defaultMaxKeys

        public init() {}
    }

    public struct Tier: SettingsObject {
        @Setting("networks", "The networks that it is made of.", count: 1...)
        public var networks: [NetworkSource]

        @Setting("limit", "How much each client address of them is admitted.")
        public var limit: OneOrList<Rate>

        @Setting("burst", LimiterText.burst, in: 1..., unit: "requests") public var burst: Int?

        public init() {}
    }

    private let limiter: Limiter
    /// By tier, the default last.
    private let limits: [Limits]
    /// What is never limited, and then the tiers.
    private let networks: NetworkTiers
    private let ipv6Prefix: Int

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        var errors = ConfigurationError.Collector()
        var limits: [Limits] = []
        var lists: [[Network]] = []
        func read(_ sources: [NetworkSource], setting: String) {
            var list: [Network] = []
            for (index, source) in sources.enumerated() {
                errors.collect { () throws(ConfigurationError) in
                    list += try source.networks(setting: "\(setting)[\(index)]", setup)
                }
            }
            lists.append(list)
        }
        read(configuration.allow, setting: "allow")
        for (index, tier) in configuration.tiers.enumerated() {
            read(tier.networks, setting: "tiers[\(index)].networks")
            errors.collect { () throws(ConfigurationError) in
                limits.append(
                    try configuration.limits(tier.limit, burst: tier.burst, in: "tiers[\(index)]."))
            }
        }
        errors.collect { () throws(ConfigurationError) in
            limits.append(try configuration.limits(configuration.limit, burst: configuration.burst))
        }
        try errors.throwIfAny()
        self.limits = limits
        networks = NetworkTiers(lists)
        ipv6Prefix = configuration.ipv6Prefix
        limiter = Limiter(configuration, key: "address", limits, setup)
    }

    public var decidesBy: RequestParts? { [] }

    public var state: JSONValue { limiter.state }

    public func step(_ exchange: Exchange) -> StateStep? {
        guard let address = exchange.clientAddress else { return nil }
        let place = networks.first(holding: address) ?? limits.count
        guard place > 0 else { return nil }
        let network = Network(ofClient: address, ipv6Prefix: ipv6Prefix)
        return limiter.step(StateKey(network), limits[place - 1], exchange)
    }

    public func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision {
        limiter.decide(exchange, step, result)
    }

    public func withdrawal(of step: StateStep) -> StateStep? { limiter.withdrawal(of: step) }

    public func responseHead(_ exchange: Exchange) { limiter.writeFields(exchange) }
}
