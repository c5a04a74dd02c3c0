import PluginAPI

/// What one window of a limiter has found about an exchange.
struct LimitReport: Sendable {
    let name: LimitName
    let unit: LimitUnit
    let period: Rate.Period
    /// Whether its limiter has other windows too.
    let isOneOfSeveral: Bool
    /// Whether the limiter refused the exchange.
    let isRefused: Bool
    /// Whether the window does not admit another of the kind.
    let isUsedUp: Bool
    let limit: Int
    let left: Int
    /// In s, rounded up: while something is left, how long until everything is; else how long until
    /// something is.
    let reset: Int

    init(
        _ name: LimitName, _ unit: LimitUnit, _ index: Int, of windows: Int,
        _ arguments: borrowing StateWords, _ result: borrowing StateResult, isRefused: Bool
    ) {
        let window = LimiterProgram.window(index, arguments)
        let first = index * LimiterProgram.resultsOfWindow
        let wait = result.words[first + 2]
        self.name = name
        self.unit = unit
        self.isRefused = isRefused
        period = Rate.Period(microseconds: window.period)
        isOneOfSeveral = windows > 1
        limit = Int(window.limit)
        left = Int(result.words[first])
        isUsedUp = wait > 0
        reset = Int(((wait > 0 ? wait : result.words[first + 1]) / 1_000_000).rounded(.up))
    }

    /// For the person behind a client that is refused.
    var message: String {
        "Rate limit of \(unit.counted(limit)) per \(period.word) exceeded. "
            + "Please retry in \(reset == 1 ? "1 second" : "\(reset) seconds")."
    }

    // MARK: - Those of an exchange

    /// Of all limiters that have decided and not been told of, in the chain's order.
    private static let reports = Fact<ContiguousArray<LimitReport>>("limit_reports")

    /// Looks at them, and forgets them.
    static func take(from exchange: Exchange, _ body: (ContiguousArray<LimitReport>) -> Void) {
        exchange.change(reports) { reports in
            guard reports?.isEmpty == false else { return }
            body(reports!)
            reports!.removeAll(keepingCapacity: true)
        }
    }

    func add(to exchange: Exchange) {
        exchange.change(Self.reports) { reports in
            if reports == nil {
                reports = []
                reports!.reserveCapacity(4)
            }
            reports!.append(self)
        }
    }
}
