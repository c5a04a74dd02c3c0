import PluginAPI

/// The records that took longest: `--slowest 20`.
package final class SlowestReport: Report {
    private let records: SlowestRecords

    package init(most: Int) { records = SlowestRecords(limit: most) }

    package func add(_ record: ActivityRecord) { records.add(record) }

    package func lines(_ origin: ReportOrigin, for terminal: Terminal) -> [String] {
        var columns: [TextTable.Column] = [
            .init("time", .number(importance: 8)), .init("duration", .number(importance: 0)),
            .init("ttfb", .number(importance: 5)), .init("status", .number(importance: 9)),
        ]
        let names: [RecordTextKey] = [.route, .model, .identity, .client, .aborted]
        var rows: [(cells: [TextTable.Cell], names: [String?], identifier: String)] = []
        read { record in
            rows.append(
                (
                    [
                        TextTable.Cell(
                            record.time.description.prefix(23) + "Z",
                            short: String(record.time.description.dropFirst(11).prefix(12))),
                        TextTable.Cell(
                            record.microseconds(.duration).map(Quantity.duration) ?? "-"),
                        TextTable.Cell(
                            record.microseconds(.timeToFirstByte).map(Quantity.duration) ?? "-"),
                        TextTable.Cell(record.count(.status).map { String($0) } ?? "-"),
                    ],
                    names.map { record.text($0).map { DisplayText.visible($0.string) } },
                    DisplayText.visible(record.text(.requestID)?.string ?? "-")
                ))
        }
        if rows.isEmpty { return ["no records"] }
        // A column that is empty in all rows tells nothing.
        let shown = names.indices.filter { name in rows.contains { $0.names[name] != nil } }
        columns += shown.map { TextTable.Column("\(names[$0].name)", .name) }
        columns.append(.init("request_id", .number(importance: 7)))
        var table = TextTable(columns)
        for row in rows {
            table.append(
                row.cells + shown.map { TextTable.Cell(row.names[$0] ?? "-") }
                    + [TextTable.Cell(row.identifier)])
        }
        let (lines, leftOut) = table.lines(for: terminal)
        if leftOut.isEmpty { return lines }
        let note =
            "no room for \(leftOut.joined(separator: ", ")): set COLUMNS to more, or ask for --json"
        return lines + [""] + DisplayText.folded(note, to: terminal.width)
    }

    /// The records as they are in the log, one a line, the slowest first.
    package func json(_ origin: ReportOrigin) -> String {
        var lines: [String] = []
        read { lines.append(RecordLine.json($0)) }
        return lines.joined(separator: "\n")
    }

    private func read(_ body: (ActivityRecord) -> Void) {
        var scanner = RecordScanner()
        let record = ActivityRecord()
        for line in records.lines {
            line.withUnsafeBufferPointer { line in
                // It was a record when it was kept.
                if (try? scanner.scan(line, into: record)) != nil { body(record) }
            }
        }
    }
}
