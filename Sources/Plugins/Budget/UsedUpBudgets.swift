import PluginAPI

/// Those of the present period that are known to be used up, so that each is told of once.
final class UsedUpBudgets: Sendable {
    /// What is used up beyond that is not told of: nobody reads so many lines.
    private static let bound = 10_000

    private struct Known {
        var period = ""
        var keys: Set<StateKey> = []
    }

    private let known = Locked(Known())

    /// - Returns: whether it has not been known before.
    func insert(_ key: StateKey, in period: BudgetPeriod) -> Bool {
        known.withLock { known in
            if known.period != period.name { known = Known(period: period.name) }
            return known.keys.count < Self.bound && known.keys.insert(key).inserted
        }
    }
}
