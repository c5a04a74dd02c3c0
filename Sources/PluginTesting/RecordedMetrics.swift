import PluginAPI

/// Keeps the metrics that plugins make.
public final class RecordedMetrics: Metrics {
    private struct Series: Sendable {
        let name: String
        let labels: [(String, String)]
        let counter: Counter?
        let read: @Sendable () -> Double
    }

    private let series = Locked<[Series]>([])

    public init() {}

    public func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        series.withLock { series in
            let existing = series.first { $0.name == name && Self.areEqual($0.labels, labels) }
            if let counter = existing?.counter { return counter }
            let counter = Counter()
            let unit = (0..<decimals).reduce(1.0) { unit, _ in unit * 10 }
            series.append(
                Series(name: name, labels: labels, counter: counter) {
                    Double(counter.value) / unit
                })
            return counter
        }
    }

    public func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {
        series.withLock { series in
            series.removeAll { $0.name == name && Self.areEqual($0.labels, labels) }
            series.append(Series(name: name, labels: labels, counter: nil, read: read))
        }
    }

    /// The sum of the metrics of that name that have these labels, and perhaps others; nil when there
    /// is none.
    ///
    ///     proxy.metrics["activity_dropped_total", ["reason": "queue_full"]]
    public subscript(name: String, labels: KeyValuePairs<String, String> = [:]) -> Double? {
        let found = series.withLock { series in
            series.filter { series in
                series.name == name
                    && labels.allSatisfy { label in
                        series.labels.contains { $0.0 == label.key && $0.1 == label.value }
                    }
            }
        }
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.read() }
    }

    private static func areEqual(_ left: [(String, String)], _ right: [(String, String)]) -> Bool {
        left.elementsEqual(right) { $0 == $1 }
    }
}
