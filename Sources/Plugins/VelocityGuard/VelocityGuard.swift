import PluginAPI

/// Lowers the limits of all limiters after it while an upstream fails.
public struct VelocityGuard: RequestPhase, CompletedPhase, PeriodicPhase {
    public static let name = "velocity-guard"
    public static let summary =
        "Lowers every limit while the share of failures in a sliding window is high."
    public static let reads: [any FactDeclaration] = [Facts.tier.required]
    public static let writes: [any FactDeclaration] = [Facts.limitMultiplier]

    public enum Scope: String, SettingChoice {
        case global, upstream
    }

    public struct Configuration: PluginConfiguration {
        @Setting(
            "scope",
            "Whether failures count, and limits are lowered, for all upstreams together or for each."
        )
        public var scope = Scope.global

        @Setting("window", "How far back failures are counted.", in: .seconds(1) ... .seconds(3600))
        public var window: Duration = .seconds(60)

        @Setting(
            "threshold", "The share of failures at which velocity mode starts.", in: 0.001...1.0)
        public var threshold = 0.25

        @Setting(
            "minimumRequests", "Fewer requests in the window never start it.", in: 1...1_000_000,
            unit: "requests")
        public var minimumRequests = 100

        @Setting(
            "cooldown", "How long it stays on, unless it ends early.",
            in: .seconds(1) ... .seconds(86_400))
        public var cooldown: Duration = .seconds(180)

        @Setting(
            "recoverBelow",
            "It ends early when their share is less; two fifths of the threshold unless told, 0 for never.",
            in: 0.0...1.0)
        public var recoverBelow: Double?

        @Setting("multiplier", "What every limit is multiplied by.", in: 0.01...1.0)
        public var multiplier = 0.5

        @Setting("tiers", "What it is multiplied by for a tier, by the tier's name.")
        public var tiers: [String: Double] = [:]

        @Setting(
            "slowClientAfter",
            "A client that leaves (499) when it has been kept waiting this long is a failure.",
            in: .milliseconds(1) ... .seconds(3600))
        public var slowClientAfter: Duration = .seconds(10)

        public init() {}

        public func validate() throws(ConfigurationError) {
            var errors: [ConfigurationError] = []
            if let recoverBelow, recoverBelow >= threshold {
                errors.append(
                    ConfigurationError(
                        setting: "recoverBelow",
                        expected: "less than the threshold, \(threshold.settingJSON)",
                        found: "\(recoverBelow.settingJSON)"))
            }
            for (name, multiplier) in tiers.sorted(by: { $0.key < $1.key })
            where !(0.01...1 ~= multiplier) {
                errors.append(
                    ConfigurationError(
                        setting: "tiers.\(name)", expected: "a number from 0.01 to 1",
                        found: "\(multiplier.settingJSON)"))
            }
            if !errors.isEmpty { throw ConfigurationError(errors) }
        }
    }

    /// The last of the failures is handed over within one interval, and the other replicas hear of
    /// the start within one more: together a second.
    public let interval: Duration = .milliseconds(500)

    private let setup: Setup
    private let rules: VelocityArguments.Rules
    private let multiplier: Double
    private let tiers: [String: Double]
    private let patience: Duration
    private let table: any StateTable
    /// The one scope of all upstreams; nil when each has its own.
    private let common: VelocityScope?
    private let scopes = VelocityScopes()

    public init(_ configuration: Configuration, _ setup: Setup) {
        self.setup = setup
        rules = VelocityArguments.Rules(
            threshold: configuration.threshold,
            recoverBelow: configuration.recoverBelow ?? configuration.threshold * 0.4,
            minimumRequests: Double(configuration.minimumRequests),
            window: Double(configuration.window.nanoseconds) / 1000,
            cooldown: Double(configuration.cooldown.nanoseconds) / 1000,
            handOver: Double(interval.nanoseconds) / 1000)
        multiplier = configuration.multiplier
        tiers = configuration.tiers
        patience = configuration.slowClientAfter
        // The window's length gives the parts' numbers their meaning.
        table = setup.state.table(
            "\(setup.label):\(configuration.scope.rawValue):\(configuration.window.nanoseconds / 1_000_000)ms",
            VelocityProgram(), maximumKeys: 1000)
        common = configuration.scope == .global ? VelocityScope(upstream: nil) : nil
        _ = common?.report(multiplier: multiplier, setup)
    }

    // MARK: - Each request

    public func request(_ exchange: Exchange) -> Decision {
        guard let scope = scope(of: exchange), scope.isActive(at: exchange.now) else {
            return .proceed
        }
        let factor =
            tiers.isEmpty ? multiplier : exchange[Facts.tier].flatMap { tiers[$0] } ?? multiplier
        if factor != 1, !setup.isObserved { exchange[Facts.limitMultiplier, default: 1] *= factor }
        return .proceed
    }

    public func completed(_ exchange: Exchange) {
        guard let verdict = UpstreamVerdict(exchange, patience: patience) else { return }
        scope(of: exchange)?.count(verdict)
    }

    private func scope(of exchange: Exchange) -> VelocityScope? {
        common ?? exchange.upstream.map(scopes.scope(of:))
    }

    // MARK: - Beside the requests

    public func periodic(_ state: any StateAccess) {
        for scope in allScopes {
            let report = scope.report(multiplier: multiplier, setup)
            let counts = scope.takeCounts()
            report.count(counts)
            let step = StateStep(
                table, scope.upstream.map { StateKey($0) } ?? .everyone,
                VelocityArguments(counts: counts, rules: rules).words)
            let time = setup.time
            state.take(step) { result in
                for event in scope.learn(VelocityFinding(result.words), time) {
                    report.tell(event)
                }
            }
        }
    }

    private var allScopes: [VelocityScope] { common.map { [$0] } ?? Array(scopes) }

    // MARK: - The admin API

    /// Whether the mode is on, since and until when, what started it, and what the window holds; with
    /// scope `upstream` by the upstream's name. Any thread.
    public var decidesBy: RequestParts? { [] }

    public func uses(_ fact: any FactDeclaration) -> Bool {
        fact.name != Facts.tier.name || !tiers.isEmpty
    }

    public var state: JSONValue {
        let now = setup.time.monotonic
        if let common { return .object(common.state(at: now)) }
        return [
            "upstreams": .object(
                scopes.map { .init($0.upstream ?? "", .object($0.state(at: now))) })
        ]
    }
}
