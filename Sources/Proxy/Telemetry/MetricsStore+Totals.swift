/// What all workers have counted together: what every page shows is read here.
extension MetricsStore.Contents {
    var requestsInFlight: UInt64 {
        let started = total(\.requestsStarted)
        let ended = total(\.requestsEnded)
        return started > ended ? started - ended : 0
    }

    var connectionsRefused: UInt64 { total(\.connectionsRefused) }

    private func total(_ counter: KeyPath<WorkerMetrics, LocalCounter>) -> UInt64 {
        workers.reduce(0) { $0 + $1[keyPath: counter].value }
    }

    /// How many requests of each route have ended with which status; by route, upstream and status.
    var requests: [(key: MetricsStore.RouteKey, statuses: [(status: Int, count: UInt64)])] {
        let sorted = routes.sorted {
            ($0.key.route, $0.key.upstream) < ($1.key.route, $1.key.upstream)
        }
        return sorted.map { key, workers in
            var counts: [Int: UInt64] = [:]
            for worker in workers { counts.merge(worker.requests, uniquingKeysWith: +) }
            return (key, counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }

    /// Counters and gauges that plugins and the engine's parts have made, by name and labels.
    var sortedCounters: [MetricsStore.Series<MetricsStore.ScaledCounter>] {
        counters.sorted { $0.key < $1.key }.map(\.value)
    }

    var sortedGauges: [MetricsStore.Series<@Sendable () -> Double>] {
        gauges.sorted { $0.key < $1.key }.map(\.value)
    }
}
