import PluginAPI

/// The places of all keys: who is under way, and who waits.
///
/// Instances of one label share it through reloads, so that requests of the configuration before count.
/// One lock guards it: what is done under it is short, and nobody is woken there.
final class Places: Sendable {
    /// One's place, or what it has in its stead.
    enum Holding: Sendable {
        case place(StateKey)
        case ticket(Ticket)
    }

    /// Given to one that waits.
    struct Ticket: Sendable {
        let key: StateKey
        let number: Int
        let wait: Wait
    }

    enum Entry {
        case place
        case waiting(Ticket)
        case refused
    }

    private struct State {
        var lines: [StateKey: Line] = [:]
        var running = 0
        var waiting = 0
        /// Of the instances that have been started; the last holds for all, whoever they came to.
        var inForce: [PlaceRules] = []

        /// Changes a key's line, and gives a place that is free then to the first that waits.
        mutating func change(_ key: StateKey, _ body: (inout Line) -> Void) -> Wait? {
            guard let index = lines.index(forKey: key) else { return nil }
            let before = (lines.values[index].running, lines.values[index].waiting)
            body(&lines.values[index])
            let next = lines.values[index].admitNext(inForce.last)
            running += lines.values[index].running - before.0
            waiting += lines.values[index].waiting - before.1
            if lines.values[index].isEmpty { lines.remove(at: index) }
            return next
        }
    }

    private let state = Locked(State())
    /// What an exchange has of these.
    let holding = Fact<Holding>("concurrency_holding")

    // MARK: - Each request

    /// Takes a place, or a place in the queue.
    /// - Parameters:
    ///   - rules: those of the instance; others hold where they are in force.
    ///   - multiplier: what the limit is multiplied by for this one.
    func enter(_ key: StateKey, _ rules: PlaceRules, multiplier: Double) -> Entry {
        state.withLock { state in
            let rules = state.inForce.last ?? rules
            switch state.lines[key, default: Line()].enter(rules, multiplier: multiplier) {
            case .place:
                state.running += 1
                return .place
            case .waiting(let number, let wait):
                state.waiting += 1
                return .waiting(Ticket(key: key, number: number, wait: wait))
            case .refused:
                return .refused
            }
        }
    }

    /// Takes a place whether or not there is one.
    /// - Returns: how many were under way before.
    func enterAnyway(_ key: StateKey) -> Int {
        state.withLock { state in
            state.running += 1
            let running = state.lines[key]?.running ?? 0
            state.lines[key, default: Line()].enterAnyway()
            return running
        }
    }

    /// Gives back what one has. Once for each that entered, when its wait, if it had one, is over.
    func leave(_ holding: Holding) {
        switch holding {
        case .place(let key):
            handOut(key) { $0.giveBack() }
        case .ticket(let ticket) where ticket.wait.end == .woken:
            handOut(ticket.key) { $0.giveBack() }
        case .ticket(let ticket):
            handOut(ticket.key) { $0.withdraw(ticket.number) }
        }
    }

    private func handOut(_ key: StateKey, after change: (inout Line) -> Void) {
        var next = state.withLock { $0.change(key, change) }
        while let wait = next {
            // It may have given up in the meantime: then its place goes to the one behind it.
            let hasPlace = wait.wake()
            next = state.withLock { $0.change(key) { if !hasPlace { $0.giveBack() } } }
        }
    }

    // MARK: - Configurations

    /// Lets the rules of an instance that has been started hold, also for those who wait already.
    func use(_ rules: PlaceRules) { changeRules { $0.append(rules) } }

    /// The instance is not used any more.
    func retire(_ rules: PlaceRules) { changeRules { $0.removeAll { $0 === rules } } }

    private func changeRules(_ change: (inout [PlaceRules]) -> Void) {
        let keys = state.withLock { state in
            change(&state.inForce)
            return state.waiting == 0
                ? [] : state.lines.filter { $0.value.waiting > 0 }.map(\.key)
        }
        for key in keys { handOut(key) { _ in } }
    }

    // MARK: - For operators

    var counts: (running: Int, waiting: Int, keys: Int) {
        state.withLock { ($0.running, $0.waiting, $0.lines.count) }
    }
}
