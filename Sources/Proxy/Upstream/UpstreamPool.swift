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
    }

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
        waiting.append(Waiter(owner: waiter))
        return false
    }

    /// Gives a place back, to the one that has waited longest.
    func release() {
        while firstWaiting < waiting.count {
            let waiter = waiting[firstWaiting]
            firstWaiting += 1
            if let owner = waiter.owner, owner.isWaiting(for: self) { return owner.placeIsFree() }
        }
        waiting.removeAll(keepingCapacity: true)
        firstWaiting = 0
        active -= 1
    }

    /// The target for a request, other than those it has failed to reach.
    func choose(except tried: [Int]) -> Int? {
        if targets.count == 1 { return tried.isEmpty ? started(0) : nil }
        let candidates = targets.indices.filter { !tried.contains($0) }
        guard !candidates.isEmpty else { return nil }
        switch upstream.balance {
        case .leastRequests:
            return started(
                candidates.min {
                    targets[$0].active * targets[$1].target.weight < targets[$1].active
                        * targets[$0].target.weight
                }!)
        case .random:
            var draw = Int.random(in: 0..<candidates.reduce(0) { $0 + targets[$1].target.weight })
            return started(
                candidates.first { index in
                    draw -= targets[index].target.weight
                    return draw < 0
                }!)
        case .roundRobin:
            for index in candidates { targets[index].credit += targets[index].target.weight }
            let best = candidates.max { targets[$0].credit < targets[$1].credit }!
            targets[best].credit -= candidates.reduce(0) { $0 + targets[$1].target.weight }
            return started(best)
        }
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
