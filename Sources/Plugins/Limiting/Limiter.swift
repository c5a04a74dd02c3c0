import PluginAPI

/// What every limiter is made of, beside its key:
///
///     func step(_ exchange: Exchange) -> StateStep? { limiter.step(key, limits, exchange) }
///     func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision {
///         limiter.decide(exchange, step, result)
///     }
///     func withdrawal(of step: StateStep) -> StateStep? { limiter.withdrawal(of: step) }
///     func responseHead(_ exchange: Exchange) { limiter.writeFields(exchange) }
///
/// It reads `Facts.limitMultiplier`.
package struct Limiter: Sendable {
    private let tables: LimiterTables
    private let name: LimitName
    private let unit: LimitUnit
    private let tellsClients: Bool
    private let addedArguments: Int

    /// - Parameters:
    ///   - key: what the limiter counts by; it names the table, so that counters go on through a reload
    ///     that leaves it as it is.
    ///   - limits: those that steps will name, as far as they are known.
    ///   - addedArguments: how many arguments a step has behind those of `LimiterProgram`.
    ///   - program: makes of the limiter's program one that begins with it.
    package init(
        _ settings: some LimiterSettings, key: String, _ limits: [Limits],
        unit: LimitUnit = .requests, addedArguments: Int = 0, _ setup: Setup,
        program: @escaping @Sendable (LimiterProgram) -> any StateProgram = { $0 }
    ) {
        let (algorithm, maxKeys) = (settings.algorithm, settings.maxKeys)
        let (label, state) = (setup.label, setup.state)
        let tables = LimiterTables(shapes: limits.map(\.shape)) { shape in
            let periods = Limits.periods(of: shape)
            let letters = periods.map(\.rawValue).joined()
            return state.table(
                "\(label)/\(key)/\(algorithm.rawValue)/\(letters)",
                program(LimiterProgram(algorithm, windows: periods.count)), maximumKeys: maxKeys)
        }
        // Weak, or the metric would keep the counters of a limiter that is no more.
        setup.metrics.gauge(
            "limiter_keys", "Keys that a limiter counts at present.",
            labels: [("plugin", setup.label)]
        ) { [weak tables] in Double(tables?.count ?? 0) }
        self.tables = tables
        self.unit = unit
        self.addedArguments = addedArguments
        name = LimitName(setup.label)
        tellsClients = settings.headers && !setup.isObserved
    }

    /// What operators are shown of it.
    package var state: JSONValue { ["keys": .number(tables.count)] }

    /// Tells this limiter from others.
    package var id: ObjectIdentifier { ObjectIdentifier(tables) }

    /// Counts a cost of this exchange, if the limits admit it.
    /// - Parameters:
    ///   - limits: before they are multiplied.
    ///   - cost: a whole number; with 0 nothing is counted, and the request admitted while anything is
    ///     left.
    package func step(
        _ key: StateKey, _ limits: Limits, cost: Double = 1, _ exchange: Exchange
    ) -> StateStep {
        let limits = limits.multiplied(by: exchange[Facts.limitMultiplier] ?? 1)
        return StateStep(
            tables.table(limits.shape), key,
            LimiterProgram.arguments(cost: cost, isForced: false, limits))
    }

    /// Counts a cost whatever the limits say, by the same key and limits as an earlier step.
    package func charge(_ cost: Double, like step: StateStep) -> StateStep {
        var step = step
        step.arguments[0] = cost
        step.arguments[1] = 1
        return step
    }

    /// Gives back what a step has counted.
    package func withdrawal(of step: StateStep) -> StateStep? {
        step.arguments[0] > 0 ? charge(-step.arguments[0], like: step) : nil
    }

    /// Admits or refuses by the result of a step, and notes what there is to tell the client.
    package func decide(_ exchange: Exchange, _ step: StateStep, _ result: StateResult) -> Decision
    {
        let isRefused = !result.isApplied
        var strictest: LimitReport?
        let windows = LimiterProgram.windows(step.arguments, added: addedArguments)
        for index in 0..<windows {
            let report = LimitReport(
                name, unit, index, of: windows, step.arguments, result, isRefused: isRefused)
            if tellsClients { report.add(to: exchange) }
            if isRefused, report.isUsedUp, report.reset > strictest?.reset ?? 0 {
                strictest = report
            }
        }
        guard let strictest else { return .proceed }
        return .refuse(
            429, reason: "rate_limit_exceeded", message: strictest.message,
            headers: [("retry-after", String(strictest.reset))])
    }

    /// Tells the client what is left, by all limiters of the exchange. In the response head phase.
    package func writeFields(_ exchange: Exchange) {
        LimitReport.take(from: exchange) { LimitFields.write($0, to: exchange.response) }
    }
}
