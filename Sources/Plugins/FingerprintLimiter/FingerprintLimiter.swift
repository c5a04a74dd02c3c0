import PluginAPI

/// Limits one program behind many addresses.
public struct FingerprintLimiter: SharedStatePhase, ResponseHeadPhase {
    public static let name = "fingerprint-limiter"
    public static let summary =
        "Limits requests that look alike, once they come from many addresses: one script behind them."
    public static let reads: [any FactDeclaration] = [
        Facts.clientAddress, Facts.identity, Facts.limitMultiplier,
    ]

    public struct Configuration: PluginConfiguration, LimiterSettings {
        @Setting("limit", LimiterText.limit) public var limit = OneOrList(Rate(100, per: .minute))

        @Setting(
            "distinctAddresses",
            "From how many addresses requests that look alike have to come before they are limited.",
            in: 1...AddressSketch.highestThreshold, unit: "addresses")
        public var distinctAddresses = 50

        @Setting(
            "window", "How long an address counts after its last request; at most twice as long.",
            in: .seconds(1) ... .seconds(86400))
        public var window: Duration = .seconds(600)

        @Setting(
            "ipv6Prefix", "How much of an IPv6 address tells one client from another.",
            in: 16...128,
            unit: "bits")
        public var ipv6Prefix = 64

        @Setting("exemptIdentified", "Whether requests of a proved identity are left alone.")
        public var exemptIdentified = true

        @Setting(
            "values", "The fields whose values tell programs apart, beside all names.",
            count: 0...32)
        public var values: [HeaderName] = [
            "user-agent", "accept", "accept-language", "accept-encoding", "x-stainless-os",
            "x-stainless-arch", "x-stainless-runtime", "x-stainless-runtime-version",
        ]

        @Setting(
            "ignore", "Fields that one program sends only now and then, beside the known ones.",
            count: 0...32)
        public var ignore: [HeaderName] = []

        @Setting("algorithm", LimiterText.algorithm)
        package var algorithm = LimitAlgorithm.slidingWindow

        @Setting("burst", LimiterText.burst, in: 1..., unit: "requests") public var burst: Int?

        @Setting("headers", LimiterText.headers) public var headers = true

        @Setting("maxKeys", LimiterText.maxKeys, in: LimiterText.keyRange, unit: "keys") public
            var maxKeys = 50_000

        public init() {}

        public func validate() throws(ConfigurationError) {
            let chosen = Set(values.map { $0.string.lowercased() })
            for (index, name) in ignore.enumerated() where chosen.contains(name.string.lowercased())
            {
                throw ConfigurationError(
                    setting: "ignore[\(index)]",
                    "\"\(name.string)\" is in \"values\" too; expected it in one of them")
            }
        }
    }

    private let fingerprint: Fingerprint
    private let sketch: AddressSketch
    private let ipv6Prefix: Int
    private let limits: Limits
    private let limiter: Limiter
    private let exemptsIdentified: Bool
    private let log: Log

    public init(_ configuration: Configuration, _ setup: Setup) throws {
        let (threshold, window) = (configuration.distinctAddresses, configuration.window)
        sketch = AddressSketch(threshold: threshold, window: window)
        fingerprint = Fingerprint(ignored: configuration.ignore, values: configuration.values)
        ipv6Prefix = configuration.ipv6Prefix
        limits = try configuration.limits(configuration.limit, burst: configuration.burst)
        limiter = Limiter(
            configuration,
            key: "fingerprint-\(threshold)-\(window.nanoseconds / 1_000_000)ms-\(ipv6Prefix)",
            [limits],
            addedArguments: FingerprintProgram.argumentsBehindLimiter, setup
        ) { FingerprintProgram($0, distinctAddresses: threshold, window: window) }
        exemptsIdentified = configuration.exemptIdentified
        log = setup.log
    }

    public var decidesBy: RequestParts? { .fields }

    public var state: JSONValue { limiter.state }

    public func uses(_ fact: any FactDeclaration) -> Bool {
        fact.name != Facts.identity.name || exemptsIdentified
    }

    public func step(_ exchange: Exchange) -> StateStep? {
        if exemptsIdentified, exchange[Facts.identity] != nil { return nil }
        guard let address = exchange.clientAddress else { return nil }
        let fingerprint = fingerprint.value(of: exchange.request)
        var step = limiter.step(StateKey(fingerprint), limits, exchange)
        let client = Network(ofClient: address, ipv6Prefix: ipv6Prefix)
        step.arguments.append(Double(sketch.place(of: client, fingerprint: fingerprint)))
        return step
    }

    public func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision {
        if FingerprintProgram.hasReachedThreshold(result) {
            log(
                .info, "a fingerprint has come from many addresses and is limited from now on",
                [
                    ("fingerprint", step.key.description), ("addresses", String(sketch.threshold)),
                    ("request_id", exchange.requestID),
                ])
        }
        guard FingerprintProgram.isInForce(result) else { return .proceed }
        return limiter.decide(exchange, step, result)
    }

    public func withdrawal(of step: StateStep) -> StateStep? { limiter.withdrawal(of: step) }

    public func responseHead(_ exchange: Exchange) { limiter.writeFields(exchange) }
}
