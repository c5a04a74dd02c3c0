import PluginAPI

/// Admits requests while a budget of money or tokens lasts.
///
/// What a request may cost at most is reserved before it is sent, in one step with the check, so that
/// requests at the same time cannot spend the same money; when it ends, the reservation gives way to
/// what it has cost.
public struct Budget: SharedStatePhase, ResponseHeadPhase, ResponseBodyPhase, CompletedPhase,
    PeriodicPhase
{
    public static let name = "budget"
    public static let summary =
        "Limits what each identity spends, in money or tokens, in a day or a month."
    public static let reads: [any FactDeclaration] = [
        Facts.identity.required, Facts.tier.required, Facts.clientAddress, Facts.model.required,
        Facts.expectedUsage.required, Facts.expectedCost.required, Facts.usage.whenCompleted,
        Facts.cost.whenCompleted,
    ]

    /// What becomes of a stream that passes the budget.
    enum Overrun: String, SettingChoice {
        case finish, cut
    }

    public struct Configuration: PluginConfiguration {
        @Setting("limit", "How much may be spent, in US dollars or in tokens.")
        var limit: BudgetAmount

        @Setting("per", "Whether that is for each day or for each month, in UTC.")
        var per: BudgetInterval

        @Setting("key", "Whose budget it is; of several, each combination has one.")
        var key = OneOrList<KeyPart>(.identity)

        @Setting(
            "whenMissing",
            "What becomes of requests that lack a part of the key: one budget for all of these, or none."
        )
        var whenMissing = LimitKey.WhenMissing.shared

        @Setting("tiers", "The limit for a tier in place of that one, by the tier's name.")
        var tiers: [String: BudgetAmount] = [:]

        @Setting("tolerance", "How much more may be spent before requests are refused.")
        var tolerance: BudgetAmount?

        @Setting("status", "The status of refusals: 402 or 429.")
        var status = BudgetStatus.paymentRequired

        @Setting(
            "onOverrun",
            "What becomes of a stream that turns out to cost more than is left: it runs to its end, or ends with an error."
        )
        var onOverrun = Overrun.finish

        @Setting(
            "reservationTimeout",
            "How long what a request may cost stays reserved when nobody ever tells of its end.",
            in: .seconds(1) ... .seconds(86_400))
        var reservationTimeout: Duration = .seconds(900)

        @Setting(
            "headers", "Whether answers tell what is left, in X-Budget fields.")
        var headers = true

        @Setting(
            "maxKeys",
            "How many budgets are kept at once in memory; beyond that those not used for longest go.",
            in: LimiterText.keyRange, unit: "keys")
        var maxKeys = LimiterText.defaultMaxKeys

        public init() {}

        public func validate() throws(ConfigurationError) {
            try LimitKey.check(key.values)
            var errors: [ConfigurationError] = []
            func expectSameUnit(_ setting: String, _ amount: BudgetAmount) {
                guard amount.unit != limit.unit else { return }
                errors.append(
                    ConfigurationError(
                        setting: setting,
                        expected: limit.unit == .tokens
                            ? "tokens as in \"limit\"" : "US dollars as in \"limit\"",
                        found: "\(amount.settingJSON)"))
            }
            for (name, amount) in tiers.sorted(by: { $0.key < $1.key }) {
                expectSameUnit("tiers.\(name)", amount)
            }
            if let tolerance { expectSameUnit("tolerance", tolerance) }
            if !errors.isEmpty { throw ConfigurationError(errors) }
        }
    }

    public let interval: Duration = .milliseconds(250)

    private let setup: Setup
    private let key: LimitKey
    let limit: BudgetAmount
    private let tiers: [String: BudgetAmount]
    private let tolerance: SplitAmount
    private let calendar: BudgetCalendar
    private let table: any StateTable
    private let timeout: Duration
    private let refusals: BudgetRefusals
    private let cuts: Bool
    private let tellsClients: Bool
    private let contended = ContendedBudgets()
    private let usedUp = UsedUpBudgets()
    private let metrics: BudgetMetrics

    public init(_ configuration: Configuration, _ setup: Setup) {
        self.setup = setup
        key = LimitKey(configuration.key.values, configuration.whenMissing)
        limit = configuration.limit
        tiers = configuration.tiers
        tolerance = configuration.tolerance.map { SplitAmount($0) } ?? .zero
        calendar = BudgetCalendar(configuration.per, setup.time)
        table = setup.state.table(
            "\(setup.label)/\(key.name)/\(configuration.limit.unit.rawValue)", BudgetProgram(),
            maximumKeys: configuration.maxKeys)
        timeout = configuration.reservationTimeout
        refusals = BudgetRefusals(status: configuration.status, per: configuration.per)
        cuts = configuration.onOverrun == .cut && !setup.isObserved
        tellsClients = configuration.headers && !setup.isObserved
        metrics = BudgetMetrics(table, limit.unit, setup)
    }

    public func takesPart(in phase: Phase) -> Bool {
        switch phase {
        case .responseHead: tellsClients || cuts
        case .responseBody: cuts
        default: true
        }
    }

    // MARK: - Before the request

    public func step(_ exchange: Exchange) -> StateStep? {
        let now = setup.time.wall
        let period = calendar.period(around: now)
        guard let key = key.key(of: exchange, in: period.name) else { return nil }
        let arguments = BudgetArguments(
            reserving: expected(exchange), limit: SplitAmount(limit(of: exchange)) + tolerance,
            in: period, timeout: timeout, now: now)
        let step = StateStep(table, key, arguments.words)
        BudgetHold.add(BudgetHold(ObjectIdentifier(table), step), to: exchange)
        return step
    }

    public func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision {
        let arguments = BudgetArguments(step.arguments)
        let finding = BudgetFinding(result.words)
        let limit = limit(of: exchange)
        // Of the moment at which it was asked; a new period may have begun meanwhile.
        let period = calendar.period(around: WallTime(microseconds: Int64(arguments.now)))
        let reset = max(
            1,
            Int((period.end.microseconds - setup.time.wall.microseconds + 999_999) / 1_000_000))
        let report = BudgetReport(
            limit: limit, finding, reset: reset, isRefused: !result.isApplied)
        if tellsClients { BudgetReport.add(report, to: exchange) }
        let hold = BudgetHold.of(exchange, ObjectIdentifier(table))
        guard !result.isApplied else {
            hold?.standing = .held
            hold?.allowance =
                arguments.limit - (finding.spent + finding.reserved) + arguments.reserved
            return .proceed
        }
        hold?.standing = .refused
        let isSpent =
            finding.spent >= arguments.limit || finding.spent + arguments.reserved > arguments.limit
        guard isSpent else {
            contended.add(step)
            return refusals.inUse(report)
        }
        if usedUp.insert(step.key, in: period) { tell(exchange, report, finding, period) }
        return refusals.exceeded(
            report, left: (SplitAmount(limit) - finding.spent).amount(in: limit.unit),
            expected: arguments.reserved.amount(in: limit.unit), until: period.end)
    }

    /// The reservation of a request that was refused meanwhile.
    public func withdrawal(of step: StateStep) -> StateStep? {
        settlement(of: step, spending: .zero, releases: true)
    }

    private func limit(of exchange: Exchange) -> BudgetAmount {
        if tiers.isEmpty { return limit }
        return exchange[Facts.tier].flatMap { tiers[$0] } ?? limit
    }

    private func expected(_ exchange: Exchange) -> SplitAmount {
        switch limit.unit {
        case .dollars: exchange[Facts.expectedCost].map { SplitAmount($0) } ?? .zero
        case .tokens: Self.tokens(exchange[Facts.expectedUsage])
        }
    }

    // MARK: - While it is answered

    public func responseHead(_ exchange: Exchange) {
        let response = exchange.response
        if tellsClients { BudgetReport.write(to: response, of: exchange) }
        guard cuts, response.source == .upstream, response.isEventStream,
            let hold = BudgetHold.of(exchange, ObjectIdentifier(table)), hold.standing == .held
        else { return }
        hold.stream = EventStreamEnd()
        response.bodyWillChange()
    }

    public func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool)
        -> BodyDecision
    {
        guard let hold = BudgetHold.of(exchange, ObjectIdentifier(table)), hold.stream != nil,
            !isLast
        else { return .pass }
        guard spent(exchange) > hold.allowance, let rest = hold.stream?.restOfEvent(in: bytes)
        else {
            hold.stream?.follow(bytes)
            return .pass
        }
        hold.stream = nil
        metrics.cuts.add()
        var last: [UInt8] = []
        for index in 0..<rest { last.append(bytes[index]) }
        return .end(last + refusals.lastEvent(exchange, limit(of: exchange)))
    }

    // MARK: - At its end

    public func completed(_ exchange: Exchange) {
        guard let hold = BudgetHold.of(exchange, ObjectIdentifier(table)) else { return }
        let spent = spent(exchange)
        switch hold.standing {
        case .held: break
        // Its step has been withdrawn, or was never taken. Where it was sent all the same, Redis was away,
        // and the step has been taken here.
        case .asked: if exchange.outcome.attempts == 0 { return }
        // Only observed, it may have been sent.
        case .refused: if spent == .zero { return }
        }
        metrics.count(spent)
        exchange.take(
            settlement(of: hold.step, spending: spent, releases: hold.standing != .refused))
    }

    private func settlement(of step: StateStep, spending spent: SplitAmount, releases: Bool)
        -> StateStep
    {
        let arguments = BudgetArguments(step.arguments)
            .settled(spending: spent, releases: releases, now: setup.time.wall)
        return StateStep(step.table, step.key, arguments.words)
    }

    /// So far, while an answer streams.
    private func spent(_ exchange: Exchange) -> SplitAmount {
        switch limit.unit {
        case .dollars: exchange[Facts.cost].map { SplitAmount($0.amount) } ?? .zero
        case .tokens: Self.tokens(exchange[Facts.usage])
        }
    }

    private static func tokens(_ usage: TokenUsage?) -> SplitAmount {
        guard let usage else { return .zero }
        if let total = usage.total { return SplitAmount(tokens: total) }
        return SplitAmount(tokens: usage.input ?? 0) + SplitAmount(tokens: usage.output ?? 0)
    }

    // MARK: - Beside the requests

    public func periodic(_ state: any StateAccess) { contended.look(state, now: setup.time.wall) }

    public var decidesBy: RequestParts? { key.isOfFields ? .fields : [] }

    public func uses(_ fact: any FactDeclaration) -> Bool {
        switch fact.name {
        case Facts.tier.name: !tiers.isEmpty || key.uses(fact)
        case Facts.expectedCost.name, Facts.cost.name: limit.unit == .dollars
        case Facts.expectedUsage.name, Facts.usage.name: limit.unit == .tokens
        default: key.uses(fact)
        }
    }

    public var state: JSONValue {
        let period = calendar.period(around: setup.time.wall)
        return [
            "keys": .number(table.count), "period": .string(period.name),
            "until": .string(period.end.description),
        ]
    }

    private func tell(
        _ exchange: Exchange, _ report: BudgetReport, _ finding: BudgetFinding,
        _ period: BudgetPeriod
    ) {
        metrics.usedUp.add()
        var fields = [("key", key.name)]
        if let identity = exchange[Facts.identity] { fields.append(("identity", identity)) }
        fields += [
            ("period", period.name), ("limit", report.limit.description),
            ("spent", finding.spent.amount(in: limit.unit).description),
        ]
        setup.log(.warning, "budget used up", fields)
    }
}

extension Response {
    /// Whether it is a stream of events that can be read as it is.
    fileprivate var isEventStream: Bool {
        guard headers["content-encoding"] == nil, let type = headers["content-type"] else {
            return false
        }
        let length = "text/event-stream".utf8.count
        return type.count >= length && type.part(0..<length).equalsIgnoringCase("text/event-stream")
    }
}
