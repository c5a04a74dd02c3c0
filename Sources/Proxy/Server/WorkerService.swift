import PluginAPI

/// One worker's share of a generation: its places at the upstreams, and where it counts.
final class WorkerService {
    let generation: Generation
    let pools: [UpstreamPool]
    private let routeMetrics: [RouteMetrics]
    private let pluginMetrics: [PluginMetrics]
    /// Those of `pluginMetrics`, by the same numbers.
    private let pluginDurations: [Histogram.Writer]
    private let pluginProceeds: [LocalCounter.Writer]

    init(_ generation: Generation, worker: Worker, workers: Int) {
        self.generation = generation
        pools = generation.upstreams.map { UpstreamPool($0, workers: workers) }
        routeMetrics = (generation.routes + [generation.unmatched]).map {
            worker.routeMetrics(for: $0)
        }
        pluginMetrics = generation.plugins.map { worker.pluginMetrics(for: $0.label) }
        pluginDurations = pluginMetrics.map(\.duration.writer)
        pluginProceeds = pluginMetrics.map(\.proceeded.writer)
    }

    func metrics(of entry: Chain.Entry) -> PluginMetrics { pluginMetrics[entry.number] }

    func countProceeded(_ number: Int) { pluginProceeds[number].add() }

    /// Counts the time that a plugin's hook took.
    /// - Parameter number: the plugin's among the generation's.
    func countTime(_ number: Int, nanoseconds: Int64) {
        pluginDurations[number].add(nanoseconds: nanoseconds)
    }

    /// Counts an exchange that has ended.
    func count(_ exchange: Exchange, _ route: Route) {
        let metrics = routeMetrics[route.number]
        let outcome = exchange.outcome
        metrics.count(status: outcome.status)
        metrics.requestDuration.add(outcome.duration)
        if let duration = outcome.upstreamDuration { metrics.upstreamDuration.add(duration) }
        if let duration = outcome.timeToFirstByte { metrics.timeToFirstByte.add(duration) }
    }
}
