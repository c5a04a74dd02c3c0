import PluginAPI

/// What becomes of records, in numbers: of each request that has ended, its record is counted in one of
/// these once that is decided.
struct ActivityCounters: Sendable {
    let written: Counter
    /// Dropped: the queue was full, because the sink was slower than the requests.
    let full: Counter
    /// Dropped: the sink failed until the queue was full, or until the end.
    let failed: Counter
    /// Left out by `sample`.
    let sampledOut: Counter

    init(_ setup: Setup) {
        func counter(_ name: String, _ help: String, _ labels: (String, String)...) -> Counter {
            setup.metrics.counter(name, help, labels: [("plugin", setup.label)] + labels)
        }
        let dropped = ("activity_dropped_total", "Activity records that were lost.")
        written = counter("activity_records_total", "Activity records that were written.")
        full = counter(dropped.0, dropped.1, ("reason", "queue_full"))
        failed = counter(dropped.0, dropped.1, ("reason", "write_failed"))
        sampledOut = counter(
            "activity_sampled_out_total", "Activity records that the sample left out.")
    }

    /// For whatever reason.
    var dropped: Int { Int(full.value + failed.value) }
}
