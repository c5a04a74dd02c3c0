import PluginAPI

/// What one worker counts of one route and the upstream behind it.
final class RouteMetrics: Sendable {
    let requestDuration = Histogram()
    let upstreamDuration = Histogram()
    let timeToFirstByte = Histogram()
    private let statuses = Locked<[Int: UInt64]>([:])
    /// The status that nearly every answer has, without the lock.
    private let ok = LocalCounter()

    func count(status: Int) {
        if status == 200 { return ok.add() }
        statuses.withLock { $0[status, default: 0] += 1 }
    }

    var requests: [Int: UInt64] {
        var counts = statuses.withLock { $0 }
        if ok.value > 0 { counts[200] = ok.value }
        return counts
    }
}
