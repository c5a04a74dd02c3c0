import PluginAPI

/// Limits how many requests are under way at once; those beyond wait for a while, in order.
public struct ConcurrencyLimiter: AsyncRequestPhase, CompletedPhase {
    public static let name = "concurrency-limiter"
    public static let summary =
        "Limits how many requests are under way at once, of all or by any key; some may wait."
    public static let reads: [any FactDeclaration] = [
        Facts.clientAddress, Facts.identity.required, Facts.tier.required, Facts.model.required,
        Facts.limitMultiplier,
    ]
    public static let writes: [any FactDeclaration] = [Facts.queueWait]
    public static let placement: Placement = .behindWholeBodies

    public struct Configuration: PluginConfiguration {
        @Setting(
            "limit", "How many requests of one key may be under way at once, in this process.",
            in: 1...1_000_000, unit: "requests")
        public var limit: Int

        @Setting("key", "What is counted by; of several, their combination.")
        package var key = OneOrList(KeyPart.everyone)

        @Setting(
            "whenMissing",
            "What becomes of requests that lack a part of the key: one limit for all of these, or none."
        )
        var whenMissing = LimitKey.WhenMissing.shared

        @Setting(
            "queue", "How many more of one key may wait for a place; others are refused at once.",
            in: 0...1_000_000, unit: "requests")
        public var queue = 0

        @Setting(
            "timeout", "How long a request waits for a place at most.",
            in: .milliseconds(1) ... .seconds(3600))
        public var timeout: Duration = .seconds(5)

        @Setting("status", "The status of refusals: 503, or 429.", in: 429...503)
        public var status = 503

        public init() {}

        public func validate() throws(ConfigurationError) {
            try LimitKey.check(key.values)
            if status != 429, status != 503 {
                throw ConfigurationError(
                    setting: "status", expected: "429 or 503", found: "\(status)")
            }
            if queue == 0, $timeout != nil {
                throw ConfigurationError(
                    setting: "timeout",
                    "nobody waits, because \"queue\" is 0; give it some places, or remove this")
            }
        }
    }

    /// What a refused request is told. Made once.
    private struct Refusals: Sendable {
        let limit: Decision
        let queueFull: Decision
        let queueTimeout: Decision

        init(_ configuration: Configuration) {
            // By then all who wait now have had their turn, or given up.
            let seconds = (configuration.timeout.nanoseconds + 999_999_999) / 1_000_000_000
            let retryAfter = configuration.queue == 0 ? 1 : seconds
            func refusal(_ reason: String, _ message: String) -> Decision {
                .refuse(
                    configuration.status, reason: reason, message: message,
                    headers: [("retry-after", "\(retryAfter)")])
            }
            limit = refusal(
                "concurrency_limit",
                "As many requests are under way as may be at once. Please retry shortly.")
            queueFull = refusal(
                "queue_full",
                "As many requests are under way as may be at once, and as many wait as may. Please retry shortly."
            )
            queueTimeout = refusal(
                "queue_timeout",
                "As many requests are under way as may be at once, and none of them ended in time. Please retry shortly."
            )
        }
    }

    private let setup: Setup
    private let key: LimitKey
    private let rules: PlaceRules
    private let timeout: Duration
    private let refusals: Refusals
    private let places: Places
    private let waits: Counter

    public init(_ configuration: Configuration, _ setup: Setup) {
        self.setup = setup
        key = LimitKey(configuration.key.values, configuration.whenMissing)
        rules = PlaceRules(limit: configuration.limit, queue: configuration.queue)
        timeout = configuration.timeout
        refusals = Refusals(configuration)
        // With another key, the same text is another client.
        places = setup.kept(key.name) { Places() }
        waits = setup.metrics.counter(
            "concurrency_waits_total", "Requests that had to wait for a place.",
            labels: [("plugin", setup.label)])
    }

    // MARK: - Its life

    public func start() {
        places.use(rules)
        let places = places
        func gauge(_ name: String, _ help: String, _ read: @escaping @Sendable (Places) -> Int) {
            // Weak, or the metric would keep what nobody uses any more.
            setup.metrics.gauge(name, help, labels: [("plugin", setup.label)]) { [weak places] in
                Double(places.map(read) ?? 0)
            }
        }
        gauge("concurrency_running", "Requests that have a place.") { $0.counts.running }
        gauge("concurrency_waiting", "Requests that wait for a place.") { $0.counts.waiting }
        gauge("limiter_keys", "Keys that a limiter counts at present.") { $0.counts.keys }
    }

    public func stop() { places.retire(rules) }

    public var decidesBy: RequestParts? { key.isOfFields ? .fields : [] }

    public func uses(_ fact: any FactDeclaration) -> Bool { key.uses(fact) }

    public var state: JSONValue {
        let (running, waiting, keys) = places.counts
        return ["running": .number(running), "waiting": .number(waiting), "keys": .number(keys)]
    }

    // MARK: - Each request

    /// A place if there is one, and else the right to wait for one.
    public func decideAtOnce(_ exchange: Exchange) -> Decision? {
        guard let key = key.key(of: exchange) else { return .proceed }
        let multiplier = exchange[Facts.limitMultiplier] ?? 1
        if setup.isObserved { return observe(exchange, key, multiplier) }
        switch places.enter(key, rules, multiplier: multiplier) {
        case .place:
            exchange[places.holding] = .place(key)
            return .proceed
        case .waiting(let ticket):
            // Before it waits: the client may leave meanwhile, and then the completed phase comes first.
            exchange[places.holding] = .ticket(ticket)
            return nil
        case .refused:
            return rules.queue == 0 ? refusals.limit : refusals.queueFull
        }
    }

    public nonisolated(nonsending) func request(_ exchange: Exchange) async -> Decision {
        guard case .ticket(let ticket) = exchange[places.holding] else { return .proceed }
        waits.add()
        let start = exchange.now
        let end = await exchange.wait(for: ticket.wait, until: start + timeout)
        exchange[Facts.queueWait, default: .zero] += exchange.now - start
        guard end == .timedOut else { return .proceed }
        exchange[places.holding] = nil
        places.leave(.ticket(ticket))
        return refusals.queueTimeout
    }

    /// Counts it, and lets it go on at once.
    private func observe(_ exchange: Exchange, _ key: StateKey, _ multiplier: Double) -> Decision {
        let excess = places.enterAnyway(key) - rules.limit(times: multiplier)
        exchange[places.holding] = .place(key)
        if excess < 0 { return .proceed }
        return excess < rules.queue || rules.queue == 0 ? refusals.limit : refusals.queueFull
    }

    public func completed(_ exchange: Exchange) {
        if let holding = exchange[places.holding] { places.leave(holding) }
    }
}
