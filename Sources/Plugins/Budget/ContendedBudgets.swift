import PluginAPI

/// The budgets of which requests have been refused because of what others in flight hold.
///
/// Where replicas share the state, a request is refused by what this process knows last, without asking
/// the others; so that others have released something has to be looked up beside the requests.
final class ContendedBudgets: Sendable {
    /// More than are ever contended at once; of those beyond, their own steps tell.
    private static let bound = 10_000

    /// The reservation that was refused last, by its key.
    private let steps = Locked<[StateKey: StateStep]>([:])

    func add(_ step: StateStep) {
        steps.withLock { steps in
            if steps.count < Self.bound || steps[step.key] != nil { steps[step.key] = step }
        }
    }

    /// Looks how each stands by now; one in which the refused request would find room is not looked at
    /// any more.
    func look(_ state: any StateAccess, now: WallTime) {
        for step in steps.withLock({ Array($0.values) }) {
            let arguments = BudgetArguments(step.arguments)
            guard arguments.keptUntil > Double(now.microseconds) else {
                remove(step.key)
                continue
            }
            let look = StateStep(step.table, step.key, arguments.looking(now: now).words)
            state.take(look) { [weak self] result in
                let finding = BudgetFinding(result.words)
                let taken = finding.spent + finding.reserved + arguments.reserved
                // Where what has been spent alone leaves no room, nothing that is released can.
                if taken <= arguments.limit || finding.reserved == .zero {
                    self?.remove(step.key)
                }
            }
        }
    }

    private func remove(_ key: StateKey) { steps.withLock { $0[key] = nil } }
}
