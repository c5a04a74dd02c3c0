import PluginAPI

/// All at a glance: when nothing else is asked.
package final class SummaryReport: Report {
    private let filter: RecordFilter
    private let most: Int
    private var total = Tally()
    private var firstBytes = DurationHistogram()
    private var first: WallTime?
    private var last: WallTime?
    private let statuses = GroupTable(by: [.count(.status)])
    private let decisions = GroupTable(by: [.plugin, .decision, .reason])
    private let tables: [GroupTable] =
        [.text(.identity), .text(.model), .text(.route), .text(.upstream), .text(.client), .hour]
        .map { GroupTable(by: [$0]) }

    /// - Parameter most: how many groups of each dimension are shown.
    package init(filter: RecordFilter, most: Int) {
        self.filter = filter
        self.most = most
    }

    package func add(_ record: ActivityRecord) {
        total.add(record)
        if let first, let last {
            self.first = min(first, record.time)
            self.last = max(last, record.time)
        } else {
            first = record.time
            last = record.time
        }
        if let firstByte = record.microseconds(.timeToFirstByte) { firstBytes.add(firstByte) }
        statuses.add(record, filter)
        if !record.decisions.isEmpty { decisions.add(record, filter) }
        for table in tables { table.add(record, filter) }
    }

    // MARK: For people

    package func lines(_ origin: ReportOrigin, for terminal: Terminal) -> [String] {
        guard let first, let last else {
            return ["no records" + (origin.running.map { "; \($0) running" } ?? "")]
        }
        var parts = [
            DisplayText.folded(headline(first, last, origin), to: terminal.width),
            statusLines(terminal), outcomeLines(terminal),
            durations(terminal),
        ]
        parts.append(usage.flatMap { DisplayText.folded($0, to: terminal.width) })
        parts.append(decisionLines(terminal))
        for table in tables where isTelling(table) {
            let selection = GroupSelection(table, by: .requests, most: most)
            parts.append(TextTable(table, selection, total: nil).lines(for: terminal).lines)
        }
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    private func headline(_ first: WallTime, _ last: WallTime, _ origin: ReportOrigin) -> String {
        let span = last.microseconds - first.microseconds
        let running = origin.running.map { ", \($0) running" } ?? ""
        return "\(total.requests) requests\(running) from \(second(first)) to \(second(last))"
            + " (\(Quantity.duration(span)))"
    }

    private func second(_ time: WallTime) -> String { time.description.prefix(19) + "Z" }

    private func statusLines(_ terminal: Terminal) -> [String] {
        shares(
            "status",
            GroupSelection(statuses, by: nil, most: nil).shown.map {
                (statuses.fields[0].label($0.values[0]), $0.tally.requests)
            }, terminal)
    }

    private func outcomeLines(_ terminal: Terminal) -> [String] {
        let others = total.errors + total.refused + total.left
        return shares(
            "outcome",
            [
                ("answered", total.requests - others), ("errors", total.errors),
                ("refused", total.refused), ("left by the client", total.left),
            ].filter { $0.1 > 0 }, terminal)
    }

    private func shares(
        _ title: String, _ counts: [(label: String, count: Int)], _ terminal: Terminal
    ) -> [String] {
        var table = TextTable([
            .init(title, .name), .init("requests", .number(importance: 0)),
            .init("share", .number(importance: 0)),
        ])
        for (label, count) in counts {
            table.append([
                .init(label), .init(String(count)),
                .init(Quantity.share(count, of: total.requests)),
            ])
        }
        return table.lines(for: terminal).lines
    }

    private static let shares: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p95", 0.95), ("p99", 0.99),
    ]

    private func durations(_ terminal: Terminal) -> [String] {
        var table = TextTable(
            [.init("time", .name)]
                + (Self.shares.map(\.name) + ["max"]).map { .init($0, .number(importance: 0)) })
        for (label, histogram) in [
            ("duration", total.durations), ("to the first byte", firstBytes),
        ] where histogram.count > 0 {
            let quantiles = Self.shares.map { histogram.quantile($0.share) } + [histogram.maximum]
            table.append(
                [.init(label)] + quantiles.map { .init($0.map(Quantity.duration) ?? "-") })
        }
        return table.isEmpty ? [] : table.lines(for: terminal).lines
    }

    private var usage: [String] {
        var lines: [String] = []
        if total.input + total.output != 0 {
            lines.append(
                "tokens  input \(total.input) (cached \(total.cached)), output \(total.output)"
                    + " (reasoning \(total.reasoning))"
                    + (total.estimated > 0 ? "; estimates in \(total.estimated) records" : ""))
        }
        if total.priced > 0 {
            lines.append(
                "cost    \(total.cost) USD in \(total.priced) records"
                    + (total.unpriced > 0 ? "; no known price in \(total.unpriced)" : ""))
        }
        return lines
    }

    private func decisionLines(_ terminal: Terminal) -> [String] {
        guard decisions.count > 0 else { return [] }
        var table = TextTable(
            decisions.fields.map { .init($0.name, .name) } + [
                .init("requests", .number(importance: 0))
            ])
        let selection = GroupSelection(decisions, by: .requests, most: max(most, 10))
        for group in selection.shown {
            table.append(
                zip(decisions.fields, group.values).map {
                    .init(DisplayText.visible($0.label($1)))
                } + [.init(String(group.tally.requests))])
        }
        if let rest = selection.rest {
            table.append([
                .init(selection.restLabel(decisions)), .init(""), .init(""),
                .init(String(rest.tally.requests)),
            ])
        }
        return table.lines(for: terminal).lines
    }

    /// Whether a table tells more than the lines above it: of one group it does where that has a name.
    private func isTelling(_ table: GroupTable) -> Bool {
        guard table.count == 1 else { return table.count > 1 }
        return table.fields != [.hour] && table.all[0].values != [.none]
    }

    // MARK: For programs

    package func json(_ origin: ReportOrigin) -> String {
        func groups(_ table: GroupTable, _ most: Int?, by column: TallyColumn?) -> JSONValue {
            let selection = GroupSelection(table, by: column, most: most)
            return [
                "groups": .array(selection.json(table)),
                "other": selection.rest?.tally.json ?? .null,
            ]
        }
        let quantiles = Self.shares.map {
            JSONValue.Member($0.name, JSONValue(microseconds: firstBytes.quantile($0.share)))
        }
        return JSONValue.object(
            [
                JSONValue.Member("first", first.map { .string($0.description) } ?? .null),
                JSONValue.Member("last", last.map { .string($0.description) } ?? .null),
                JSONValue.Member("all", total.json),
                JSONValue.Member(
                    "ttfb_ms",
                    .object(
                        quantiles + [
                            JSONValue.Member("max", JSONValue(microseconds: firstBytes.maximum))
                        ])),
                JSONValue.Member("status", groups(statuses, nil, by: nil)),
                JSONValue.Member("decisions", groups(decisions, nil, by: .requests)),
            ]
                + tables.map {
                    JSONValue.Member($0.fields[0].name, groups($0, most, by: .requests))
                } + origin.json
        ).indented
    }
}
