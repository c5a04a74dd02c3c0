import PluginAPI

/// What a budget's instance counts.
struct BudgetMetrics: Sendable {
    let usedUp: Counter
    let cuts: Counter
    private let spent: Counter
    private let unit: BudgetUnit

    init(_ table: any StateTable, _ unit: BudgetUnit, _ setup: Setup) {
        self.unit = unit
        let labels = [("plugin", setup.label)]
        usedUp = setup.metrics.counter(
            "budget_used_up_total", "Budgets that have been used up before their period's end.",
            labels: labels)
        cuts = setup.metrics.counter(
            "budget_cut_streams_total", "Streams that were cut because they passed a budget.",
            labels: labels)
        switch unit {
        case .dollars:
            spent = setup.metrics.counter(
                "budget_spent_usd_total", "US dollars that budgets have been charged.",
                labels: labels, decimals: 12)
        case .tokens:
            spent = setup.metrics.counter(
                "budget_spent_tokens_total", "Tokens that budgets have been charged.",
                labels: labels)
        }
        // Weak, or the metric would keep the budgets of an instance that is no more.
        setup.metrics.gauge(
            "budget_keys", "Budgets that are kept at present.", labels: labels
        ) { [weak table] in Double(table?.count ?? 0) }
    }

    func count(_ amount: SplitAmount) {
        switch amount.amount(in: unit) {
        case .dollars(let money): spent.add(Int(money.picodollars))
        case .tokens(let count): spent.add(count)
        }
    }
}
