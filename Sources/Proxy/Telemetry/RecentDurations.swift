import PluginAPI

/// What durations there have been lately, from a histogram that only grows.
struct RecentDurations {
    /// As far back as is asked for.
    private static let kept = 61

    private var snapshots: ContiguousArray<HistogramSnapshot> = [HistogramSnapshot()]

    /// As the histogram is now, a second after the one before.
    mutating func add(_ snapshot: HistogramSnapshot) {
        if snapshots.count == Self.kept { snapshots.removeFirst() }
        snapshots.append(snapshot)
    }

    /// In seconds; nil when there has been none.
    func estimate(ofQuantile share: Double, overLast seconds: Int) -> Double? {
        let last = snapshots.count - 1
        var counts = snapshots[last].counts
        let before = snapshots[max(0, last - seconds)].counts
        for index in counts.indices { counts[index] -= min(before[index], counts[index]) }
        return HistogramSnapshot(counts: counts).estimate(ofQuantile: share)
    }
}

extension HistogramSnapshot {
    /// A quantile in seconds, as though durations lay evenly between a bucket's bounds, and the last
    /// bound for what is above it, as Prometheus' `histogram_quantile` has it. Nil when nothing is counted.
    func estimate(ofQuantile share: Double) -> Double? {
        let wanted = share * Double(count)
        var below = 0.0
        for (index, bound) in Histogram.bounds.enumerated() {
            let inside = Double(counts[index])
            if inside > 0, below + inside >= wanted {
                let start = index == 0 ? 0 : Double(Histogram.bounds[index - 1])
                let estimate = start + (Double(bound) - start) * (wanted - below) / inside
                // More digits than the microsecond would pretend an exactness that it has not.
                return (estimate / 1000).rounded() / 1_000_000
            }
            below += inside
        }
        return counts[Histogram.bounds.count] > 0
            ? Double(Histogram.bounds[Histogram.bounds.count - 1]) / 1e9 : nil
    }
}
