/// One worker's share of an upstream: its places, and which target is next.
final class UpstreamPool {
    let upstream: Upstream
    let balancer: TargetBalancer
    /// How many requests this worker may have under way.
    private let capacity: Int
    private var active = 0
    /// In the order in which they came; those before `firstWaiting` have been served.
    private var waiting: ContiguousArray<Waiter> = []
    private var firstWaiting = 0

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
        balancer = TargetBalancer(upstream)
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
}

/// Who waits for a place.
protocol UpstreamWaiter: AnyObject {
    func isWaiting(for pool: UpstreamPool) -> Bool
    func placeIsFree()
}
