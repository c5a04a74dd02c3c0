import PluginAPI

/// What becomes of spans, in numbers.
struct SpanCounters: Sendable {
    let lines: LineCounters
    /// Times that a batch could not be brought to the collector, or was not taken.
    let failures: Counter

    init(_ setup: Setup) {
        func counter(_ name: String, _ help: String, _ labels: (String, String)...) -> Counter {
            setup.metrics.counter(name, help, labels: [("plugin", setup.label)] + labels)
        }
        let dropped = ("tracing_spans_dropped_total", "Spans that were lost.")
        lines = LineCounters(
            written: counter("tracing_spans_exported_total", "Spans that the collector took."),
            full: counter(dropped.0, dropped.1, ("reason", "queue_full")),
            failed: counter(dropped.0, dropped.1, ("reason", "export_failed")),
            rejected: counter(dropped.0, dropped.1, ("reason", "rejected")))
        failures = counter(
            "tracing_export_failures_total",
            "Times that the collector was not reached, or did not take all spans of a batch.")
    }
}

extension LineEvents {
    static let spans = LineEvents(
        noun: "spans",
        failing: "spans cannot be exported; requests go on",
        recovered: "spans are exported again",
        lost: "spans were not exported before the end",
        stuck: "spans were not exported: the collector does not answer",
        unit: "spans")
}
