import PluginAPI

/// What clients are told of a budget: X-Budget-Limit, -Remaining and -Reset (in seconds).
struct BudgetReport: Sendable {
    let limit: BudgetAmount
    let left: BudgetAmount
    /// In s, rounded up.
    let reset: Int
    let isRefused: Bool
    /// Which part of the budget is left, for comparing it with others.
    let share: Double

    init(limit: BudgetAmount, _ finding: BudgetFinding, reset: Int, isRefused: Bool) {
        let all = SplitAmount(limit)
        let left = all - (finding.spent + finding.reserved)
        self.limit = limit
        self.left = left.amount(in: limit.unit)
        self.reset = reset
        self.isRefused = isRefused
        share = all == .zero ? 0 : left.approximate / all.approximate
    }

    // MARK: - That of an exchange

    /// Of several budgets, of the one that refused, or else of which the least is left.
    private static let tightest = Fact<BudgetReport>("budget_report")

    static func add(_ report: BudgetReport, to exchange: Exchange) {
        if let other = exchange[tightest], !report.isRefused, other.share <= report.share { return }
        exchange[tightest] = report
    }

    /// In place of the upstream's own. Each budget of the exchange may write it; it stays one.
    static func write(to response: Response, of exchange: Exchange) {
        guard let report = exchange[tightest] else { return }
        response.headers.set("x-budget-limit", to: report.limit.number)
        response.headers.set("x-budget-remaining", to: report.left.number)
        response.headers.set("x-budget-reset", to: String(report.reset))
    }
}
