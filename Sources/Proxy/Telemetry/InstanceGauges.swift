import PluginAPI

/// The gauges of one configuration's instances.
///
/// They are shown while it is in force. So a configuration that is refused, or only checked, shows none, though
/// its instances are made and may even have started; and one that has gone is kept alive by none.
package final class InstanceGauges: Sendable {
    typealias Gauges = [String: MetricsStore.Series<@Sendable () -> Double>]

    private let known = Locked<Gauges>([:])

    package init() {}

    var gauges: Gauges { known.withLock { $0 } }

    /// What an instance is given in the place of all metrics: its counters are those of the process, which go
    /// on counting after a reload.
    func metrics(countingIn process: MetricsStore) -> any Metrics {
        InstanceMetrics(process: process, gauges: self)
    }

    fileprivate func add(_ gauge: MetricsStore.Series<@Sendable () -> Double>) {
        known.withLock { $0[MetricsStore.key(gauge.name, gauge.labels)] = gauge }
    }
}

private struct InstanceMetrics: Metrics {
    let process: MetricsStore
    let gauges: InstanceGauges

    func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        process.counter(name, help, labels: labels, decimals: decimals)
    }

    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {
        gauges.add(.init(name: name, help: help, labels: labels, value: read))
    }
}
