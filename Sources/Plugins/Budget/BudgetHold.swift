import PluginAPI

/// What one budget has to do with one exchange. It belongs to the exchange's event loop.
final class BudgetHold {
    enum Standing {
        /// Nobody has said yet what came of it.
        case asked
        /// The reservation stands.
        case held
        /// Nothing is reserved.
        case refused
    }

    /// Which budget.
    let budget: ObjectIdentifier
    let step: StateStep
    var standing = Standing.asked
    /// What the exchange may cost before it passes the budget.
    var allowance = SplitAmount.zero
    /// The event stream that passes, where one may be cut.
    var stream: EventStreamEnd?

    init(_ budget: ObjectIdentifier, _ step: StateStep) {
        self.budget = budget
        self.step = step
    }

    // MARK: - Those of an exchange

    private static let holds = Fact<[BudgetHold]>("budget_holds")

    static func of(_ exchange: Exchange, _ budget: ObjectIdentifier) -> BudgetHold? {
        exchange[holds]?.first { $0.budget == budget }
    }

    static func add(_ hold: BudgetHold, to exchange: Exchange) {
        exchange[holds, default: []].append(hold)
    }
}
