import PluginAPI

@testable import Proxy

/// A store of metrics whose numbers are sampled when the test says that a second is over.
final class SampledStore {
    let store = MetricsStore()
    let time = MovedTime()
    let history: History
    let route: RouteMetrics
    let worker: WorkerMetrics
    var connections = 0

    init() {
        history = History(
            at: time.monotonic,
            wall: WallTime(microseconds: Int64(time.monotonic.nanoseconds / 1000)))
        route = store.makeRoute(.init(route: "r", upstream: "u"))
        worker = store.makeWorker()
    }

    func endSecond(after duration: Duration = .seconds(1)) {
        time.move(duration)
        history.sample(
            store.contents.withLock { $0 }, connections: connections, at: time.monotonic,
            wall: wall)
    }

    private var wall: WallTime {
        WallTime(microseconds: Int64(time.monotonic.nanoseconds / 1000))
    }

    /// A number's course over the seconds that are kept.
    func values(_ name: String, _ labels: [String: String] = [:]) -> [Double]? {
        history.series.first { series in
            series.name == name && Dictionary(uniqueKeysWithValues: series.labels) == labels
        }.map { series in history.seconds.map { history.value(series, in: $0) } }
    }
}
