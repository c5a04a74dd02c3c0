import PluginAPI

/// Where a report's records come from.
package struct ReportOrigin: Sendable {
    package var skipped: SkippedLines
    /// Requests under way, where a running proxy was asked.
    package var running: Int?

    package init(skipped: SkippedLines = SkippedLines(), running: Int? = nil) {
        self.skipped = skipped
        self.running = running
    }

    /// What programs are told of lines that were no records.
    var json: [JSONValue.Member] {
        [
            JSONValue.Member(
                "not_records",
                [
                    "count": .number(skipped.count),
                    "first": skipped.firstProblem.map(JSONValue.string) ?? .null,
                ])
        ] + (running.map { [JSONValue.Member("running", .number($0))] } ?? [])
    }
}
