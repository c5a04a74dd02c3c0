import PluginAPI

/// What becomes of records, in numbers: of each request that has ended, its record is counted in one of
/// these once that is decided.
struct ActivityCounters: Sendable {
    let lines: LineCounters
    /// Left out by `sample`.
    let sampledOut: Counter

    init(_ setup: Setup) {
        func counter(_ name: String, _ help: String, _ labels: (String, String)...) -> Counter {
            setup.metrics.counter(name, help, labels: [("plugin", setup.label)] + labels)
        }
        let dropped = ("activity_dropped_total", "Activity records that were lost.")
        lines = LineCounters(
            written: counter("activity_records_total", "Activity records that were written."),
            full: counter(dropped.0, dropped.1, ("reason", "queue_full")),
            failed: counter(dropped.0, dropped.1, ("reason", "write_failed")))
        sampledOut = counter(
            "activity_sampled_out_total", "Activity records that the sample left out.")
    }
}

extension LineEvents {
    static let activity = LineEvents(
        noun: "activity records",
        failing: "activity records cannot be written; requests go on",
        recovered: "activity records are written again",
        lost: "activity records were not written before the end",
        stuck: "activity records were not written: the sink does not take them",
        unit: "records")
}
