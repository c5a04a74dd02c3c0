import PluginAPI

/// All metrics of the process: what workers count, and what plugins make.
///
/// Counters are found again by their labels, so that they go on counting after a reload; gauges are those
/// of the process and of the configuration in force.
package final class MetricsStore: Metrics {
    struct RouteKey: Hashable, Sendable {
        let route: String
        let upstream: String
    }

    struct Series<Value>: Sendable where Value: Sendable {
        let name: String
        let help: String
        let labels: [(String, String)]
        let value: Value
    }

    struct ScaledCounter: Sendable {
        let counter: Counter
        /// How many powers of ten of what it counts make one.
        let decimals: Int
    }

    struct Contents: Sendable {
        /// One for each worker that has served the route.
        var routes: [RouteKey: [RouteMetrics]] = [:]
        var plugins: [String: [PluginMetrics]] = [:]
        var workers: [WorkerMetrics] = []
        var counters: [String: Series<ScaledCounter>] = [:]
        /// Those of the process.
        var own: InstanceGauges.Gauges = [:]
        /// Those of the configuration in force.
        var instances: InstanceGauges?

        var gauges: InstanceGauges.Gauges {
            guard let instances else { return own }
            return own.merging(instances.gauges) { own, _ in own }
        }
    }

    let contents = Locked(Contents())

    package init() {}

    func makeRoute(_ key: RouteKey) -> RouteMetrics {
        let metrics = RouteMetrics()
        contents.withLock { $0.routes[key, default: []].append(metrics) }
        return metrics
    }

    func makePlugin(label: String) -> PluginMetrics {
        let metrics = PluginMetrics()
        contents.withLock { $0.plugins[label, default: []].append(metrics) }
        return metrics
    }

    func makeWorker() -> WorkerMetrics {
        let metrics = WorkerMetrics()
        contents.withLock { $0.workers.append(metrics) }
        return metrics
    }

    package func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        contents.withLock { contents in
            let key = Self.key(name, labels)
            if let existing = contents.counters[key] { return existing.value.counter }
            let counter = Counter()
            contents.counters[key] = Series(
                name: name, help: help, labels: labels,
                value: ScaledCounter(counter: counter, decimals: decimals))
            return counter
        }
    }

    package func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {
        contents.withLock {
            $0.own[Self.key(name, labels)] = Series(
                name: name, help: help, labels: labels, value: read)
        }
    }

    /// Shows the gauges of the configuration that is now in force, in the place of the last one's.
    package func show(_ gauges: InstanceGauges) {
        contents.withLock { $0.instances = gauges }
    }

    static func key(_ name: String, _ labels: [(String, String)]) -> String {
        labels.reduce(name) { "\($0)\u{0}\($1.0)\u{0}\($1.1)" }
    }
}

/// What one worker counts of itself.
final class WorkerMetrics: Sendable {
    let connectionsOpened = LocalCounter()
    let connectionsClosed = LocalCounter()
    let requestsStarted = LocalCounter()
    let requestsEnded = LocalCounter()
    /// Connections that got no service because there were too many.
    let connectionsRefused = LocalCounter()
}
