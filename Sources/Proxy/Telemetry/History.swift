import PluginAPI

/// How every number of the process has gone in the last ten minutes, second by second, so that who
/// looks after an alarm sees what came before it.
///
/// On the admin listener's loop only. Of fixed size: so many seconds of so many series.
final class History: @unchecked Sendable {
    /// In seconds.
    static let capacity = 600
    /// Ten minutes of one take 5 KB. What appears beyond is in the metrics only.
    static let seriesLimit = 1000

    let startedAt: WallTime
    /// How many seconds have been sampled, from 0 on; the last ones are kept.
    private(set) var count = 0
    /// In milliseconds since 1970.
    private var times = ContiguousArray<Int64>(repeating: 0, count: capacity)
    /// How long each second really was, in milliseconds.
    private var lengths = ContiguousArray<Int64>(repeating: 0, count: capacity)
    private var previous: MonotonicTime

    private(set) var series: ContiguousArray<HistorySeries> = []
    private var known: [String: HistorySeries] = [:]
    private var decisions: [DecisionKey: HistorySeries] = [:]
    private var requestDurations = RecentDurations()
    private var firstBytes = RecentDurations()

    private struct DecisionKey: Hashable {
        let plugin: String
        let decision: String
    }

    init(at now: MonotonicTime, wall: WallTime) {
        previous = now
        startedAt = wall
    }

    /// The seconds that are kept, from the oldest on.
    var seconds: Range<Int> { max(0, count - Self.capacity)..<count }

    func time(of second: Int) -> Int64 { times[second % Self.capacity] }
    func length(of second: Int) -> Int64 { lengths[second % Self.capacity] }
    func value(_ series: HistorySeries, in second: Int) -> Double {
        series[second % Self.capacity]
    }

    // MARK: - Sampling

    /// Adds the second that ends now.
    func sample(
        _ contents: MetricsStore.Contents, connections: Int, at now: MonotonicTime,
        wall: WallTime
    ) {
        let place = count % Self.capacity
        times[place] = wall.microseconds / 1000
        lengths[place] = max(1, now.nanoseconds(since: previous) / 1_000_000)
        previous = now
        for series in series { series.clear(place) }
        sampleProcess(contents, connections, place)
        sampleRoutes(contents, place)
        samplePlugins(contents, place)
        for (key, made) in contents.counters {
            series(key, .counter, made.name, made.labels, decimals: made.value.decimals)?
                .count(made.value.counter.value, at: place)
        }
        for (key, made) in contents.gauges {
            series(key, .gauge, made.name, made.labels)?.set(made.value(), at: place)
        }
        count += 1
    }

    private func sampleProcess(
        _ contents: MetricsStore.Contents, _ connections: Int, _ place: Int
    ) {
        func set(_ name: String, _ value: Int) {
            series(name, .gauge, name, [])?.set(Double(value), at: place)
        }
        set("connections", connections)
        set("requests_in_flight", Int(contents.requestsInFlight))
        let refused = "connections_refused_total"
        series(refused, .counter, refused, [])?.count(contents.connectionsRefused, at: place)
    }

    private func sampleRoutes(_ contents: MetricsStore.Contents, _ place: Int) {
        var classes = [UInt64](repeating: 0, count: 6)
        var requests = HistogramSnapshot()
        var first = HistogramSnapshot()
        for metrics in contents.routes.values.joined() {
            for (status, count) in metrics.requests { classes[min(status / 100, 5)] += count }
            metrics.requestDuration.add(to: &requests)
            metrics.timeToFirstByte.add(to: &first)
        }
        for (number, name) in Self.classes.enumerated() {
            series("requests\(name)", .counter, "requests", [("class", name)])?
                .count(classes[number + 1], at: place)
        }
        requestDurations.add(requests)
        firstBytes.add(first)
        set(requestDurations, "request_duration_seconds", place)
        set(firstBytes, "time_to_first_byte_seconds", place)
    }

    private static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"]

    private func set(_ durations: RecentDurations, _ name: String, _ place: Int) {
        for (quantile, share) in [("0.5", 0.5), ("0.95", 0.95), ("0.99", 0.99)] {
            for (span, seconds) in [("10s", 10), ("1m", 60)] {
                let duration = durations.estimate(ofQuantile: share, overLast: seconds)
                series(
                    "\(name)\(quantile)\(span)", .gauge, name,
                    [("quantile", quantile), ("over", span)])?
                    .set(duration ?? .nan, at: place)
            }
        }
    }

    private func samplePlugins(_ contents: MetricsStore.Contents, _ place: Int) {
        var sums: [String: UInt64] = [:]
        for (label, workers) in contents.plugins {
            sums.removeAll(keepingCapacity: true)
            for worker in workers { worker.add(to: &sums) }
            for (decision, count) in sums {
                let key = DecisionKey(plugin: label, decision: decision)
                if decisions[key] == nil {
                    decisions[key] = make(
                        .counter, "plugin_decisions",
                        [("plugin", label), ("decision", decision)])
                }
                decisions[key]?.count(count, at: place)
            }
        }
    }

    private func series(
        _ key: String, _ kind: HistorySeries.Kind, _ name: String, _ labels: [(String, String)],
        decimals: Int = 0
    ) -> HistorySeries? {
        if let series = known[key] { return series }
        let made = make(kind, name, labels, decimals: decimals)
        known[key] = made
        return made
    }

    private func make(
        _ kind: HistorySeries.Kind, _ name: String, _ labels: [(String, String)],
        decimals: Int = 0
    ) -> HistorySeries? {
        guard series.count < Self.seriesLimit else { return nil }
        let made = HistorySeries(
            number: series.count, kind, name, labels, decimals: decimals)
        series.append(made)
        return made
    }
}
