import PluginAPI

/// Tells the present period, which is worked out once.
final class BudgetCalendar: Sendable {
    private let interval: BudgetInterval
    private let present: Locked<BudgetPeriod>

    init(_ interval: BudgetInterval, _ time: any TimeSource) {
        self.interval = interval
        present = Locked(BudgetPeriod(interval, around: time.wall))
    }

    func period(around moment: WallTime) -> BudgetPeriod {
        present.withLock { present in
            if !present.contains(moment) { present = BudgetPeriod(interval, around: moment) }
            return present
        }
    }
}
