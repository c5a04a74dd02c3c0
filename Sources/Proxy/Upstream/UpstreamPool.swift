import PluginAPI

/// One worker's share of an upstream: which target is next, and how many requests are under way.
final class UpstreamPool {
    let upstream: Upstream
    /// How many requests this worker may have under way.
    private let capacity: Int
    private var active = 0
    private var targets: [TargetState]
    /// In the order in which they came; those before `firstWaiting` have been served.
    private var waiting: ContiguousArray<Waiter> = []
    private var firstWaiting = 0

    private struct TargetState {
        let target: Target
        var active = 0
        /// Smooth weighted round robin, as in nginx: the targets with weights 5, 1, 1 take turns as
        /// a a b a c a a, not as five of one in a row.
        var credit = 0
    }

    private struct Waiter {
        weak var owner: (any UpstreamWaiter)?
        let identity: ObjectIdentifier
        let ticket: UInt64
    }

    /// The ticket with which each waits: who gave up and came again has a newer one than its old place.
    private var tickets: [ObjectIdentifier: UInt64] = [:]
    private var lastTicket: UInt64 = 0

    /// - Parameter workers: among how many the upstream's connections are shared out.
    init(_ upstream: Upstream, workers: Int) {
        self.upstream = upstream
        capacity = max(1, (upstream.maximumConnections + workers - 1) / workers)
        targets = upstream.targets.map { TargetState(target: $0) }
    }

    /// Takes a place.
    /// - Returns: false when there is none; `waiter` is told when it has got one.
    func take(_ waiter: any UpstreamWaiter) -> Bool {
        if active < capacity {
            active += 1
            return true
        }
        lastTicket += 1
        tickets[ObjectIdentifier(waiter)] = lastTicket
        waiting.append(
            Waiter(owner: waiter, identity: ObjectIdentifier(waiter), ticket: lastTicket))
        return false
    }

    /// Gives a place back, to the one that has waited longest.
    func release() {
        while firstWaiting < waiting.count {
            let waiter = waiting[firstWaiting]
            firstWaiting += 1
            guard tickets[waiter.identity] == waiter.ticket else { continue }
            tickets[waiter.identity] = nil
            if let owner = waiter.owner, owner.isWaiting(for: self) {
                compact()
                return owner.placeIsFree()
            }
        }
        waiting.removeAll(keepingCapacity: true)
        firstWaiting = 0
        active -= 1
    }

    /// Those who have been served go in batches, so that each costs constant time.
    private func compact() {
        guard firstWaiting > 32, firstWaiting * 2 > waiting.count else { return }
        waiting.removeSubrange(..<firstWaiting)
        firstWaiting = 0
    }

    /// The target for a request, other than those it has failed to reach.
    func choose(except tried: [Int]) -> Int? {
        if targets.count == 1 { return tried.isEmpty ? started(0) : nil }
        let candidates = targets.indices.filter { !tried.contains($0) }
        guard !candidates.isEmpty else { return nil }
        switch upstream.balance {
        case .leastRequests:
            // Busy in proportion to its weight. Among equals the turn decides, or quiet times would send
            // everything to the first.
            let load = { (index: Int) in
                Double(self.targets[index].active) / Double(self.targets[index].target.weight)
            }
            let least = candidates.map(load).min()!
            return started(turn(among: candidates.filter { load($0) == least }))
        case .random:
            var draw = Int.random(in: 0..<candidates.reduce(0) { $0 + targets[$1].target.weight })
            return started(
                candidates.first { index in
                    draw -= targets[index].target.weight
                    return draw < 0
                }!)
        case .roundRobin:
            return started(turn(among: candidates))
        }
    }

    private func turn(among candidates: [Int]) -> Int {
        for index in candidates { targets[index].credit += targets[index].target.weight }
        let best = candidates.max { targets[$0].credit < targets[$1].credit }!
        targets[best].credit -= candidates.reduce(0) { $0 + targets[$1].target.weight }
        return best
    }

    func target(_ index: Int) -> Target { targets[index].target }

    /// A request to that target has ended, well or badly.
    func ended(_ index: Int) { targets[index].active -= 1 }

    private func started(_ index: Int) -> Int {
        targets[index].active += 1
        return index
    }
}

/// Who waits for a place.
protocol UpstreamWaiter: AnyObject {
    func isWaiting(for pool: UpstreamPool) -> Bool
    func placeIsFree()
}
