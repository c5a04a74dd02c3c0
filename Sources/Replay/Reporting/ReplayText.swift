import ActivityReport
import PluginAPI

/// A replay as people read it.
struct ReplayText {
    private let outcome: ReplayOutcome
    private let most: Int
    private let terminal: Terminal
    private var tally: ReplayTally { outcome.tally }

    init(_ outcome: ReplayOutcome, most: Int, for terminal: Terminal) {
        self.outcome = outcome
        self.most = most
        self.terminal = terminal
    }

    var lines: [String] {
        guard let first = tally.all.first, let last = tally.all.last else {
            return ["no requests"]
        }
        let span = Quantity.duration(last.microseconds - first.microseconds)
        let parts = [
            [
                "\(Self.grouped(tally.all.count)) requests from \(Self.second(first)) to"
                    + " \(Self.second(last)) (\(span)), by \(outcome.runningName) and by"
                    + " \(outcome.newName)",
                headline,
            ],
            causes("would be refused by", tally.refused),
            causes("would pass, not refused by", tally.passing),
            differences("is", "would be", tally.otherwise),
            tally.routes.count > 1 ? changes("route", routes, tally.routes.count) : [],
            changes("client", tally.clients.top(most), tally.clients.count),
            changes("identity", tally.identities.top(most), tally.identities.count),
            list, trust,
        ]
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    // MARK: At a glance

    private var headline: String {
        let total = Self.grouped(tally.all.count)
        var parts: [String] = []
        if tally.refusedCount > 0 {
            parts.append(
                "\(Self.grouped(tally.refusedCount)) of \(total) requests would now be refused: "
                    + Self.sorted(tally.refused).map { cause, extent in
                        "\(Self.grouped(extent.count)) by \(Self.words(cause))"
                    }.joined(separator: ", "))
        }
        if tally.passingCount > 0 {
            let subject =
                tally.refusedCount > 0
                ? "\(Self.grouped(tally.passingCount)) that were"
                : "\(Self.grouped(tally.passingCount)) of \(total) requests that were"
            parts.append("\(subject) refused would now pass")
        }
        if tally.otherwiseCount > 0 {
            parts.append(
                "\(Self.grouped(tally.otherwiseCount)) would end otherwise")
        }
        return parts.isEmpty
            ? "none of \(total) requests would be decided otherwise" : parts.joined(separator: "; ")
    }

    /// `ip-limiter (429 rate_limit_exceeded)`
    private static func words(_ cause: Verdict.Cause) -> String {
        let why = ["\(cause.status)", cause.reason].filter { !$0.isEmpty }.joined(separator: " ")
        return DisplayText.visible("\(cause.plugin ?? "sluice itself") (\(why))")
    }

    // MARK: Tables

    private func causes(_ title: String, _ causes: [Verdict.Cause: Extent]) -> [String] {
        guard !causes.isEmpty else { return [] }
        var table = TextTable(
            [.init(title, .name), .init("status", .number(importance: 0)), .init("reason", .name)]
                + Self.extentColumns)
        for (cause, extent) in Self.sorted(causes) {
            table.append(
                [
                    .init(DisplayText.visible(cause.plugin ?? "sluice itself")),
                    .init("\(cause.status)"), .init(DisplayText.visible(cause.reason)),
                ] + Self.cells(extent))
        }
        return table.lines(for: terminal).lines
    }

    private func differences(
        _ from: String, _ to: String, _ differences: [ReplayTally.Difference: Extent]
    ) -> [String] {
        guard !differences.isEmpty else { return [] }
        var table = TextTable([.init(from, .name), .init(to, .name)] + Self.extentColumns)
        for (difference, extent) in Self.sorted(differences).prefix(most) {
            table.append(
                [
                    .init(DisplayText.visible(difference.from.words)),
                    .init(DisplayText.visible(difference.to.words)),
                ] + Self.cells(extent))
        }
        return table.lines(for: terminal).lines
    }

    private var routes: [(name: String, counts: ChangeCounts)] {
        tally.routes.sorted { left, right in
            left.value.changed != right.value.changed
                ? left.value.changed > right.value.changed
                : (right.value.requests, left.key) < (left.value.requests, right.key)
        }.prefix(most).map { ($0.key.isEmpty ? "none" : $0.key, $0.value) }
    }

    private func changes(
        _ title: String, _ rows: [(name: String, counts: ChangeCounts)], _ count: Int
    ) -> [String] {
        guard !rows.isEmpty else { return [] }
        // Of clients and identities only those are counted for which something changes.
        let hasRequests = title == "route"
        var table = TextTable(
            [.init(title, .name)]
                + (hasRequests ? [.init("requests", .number(importance: 1))] : [])
                + [
                    .init("would be refused", .number(importance: 0)),
                    .init("would pass", .number(importance: 2)),
                ])
        for (name, counts) in rows {
            table.append(
                [.init(DisplayText.visible(name))]
                    + (hasRequests ? [Self.cell(counts.requests)] : [])
                    + [Self.cell(counts.refused), Self.cell(counts.passing)])
        }
        let rest = count - rows.count
        return table.lines(for: terminal).lines
            + (rest > 0 ? ["and \(Self.grouped(rest)) more: see --top"] : [])
    }

    private var list: [String] {
        guard !tally.listed.isEmpty else { return [] }
        var table = TextTable([
            .init("time", .number(importance: 0)), .init("request_id", .name),
            .init("route", .name), .init("client", .name), .init("was", .name),
            .init("would be", .name),
        ])
        for one in tally.listed {
            table.append([
                .init(one.request.time.description.prefix(23) + "Z"),
                .init(DisplayText.visible(one.request.record?.requestID ?? "-")),
                .init(DisplayText.visible(one.origin.route.isEmpty ? "none" : one.origin.route)),
                .init(DisplayText.visible(one.origin.client)),
                .init(DisplayText.visible(one.from.words)),
                .init(DisplayText.visible(one.to.words)),
            ])
        }
        return table.lines(for: terminal).lines
    }

    // MARK: How far it can be trusted

    private var trust: [String] {
        var lines: [String] = []
        if tally.compared > 0 {
            lines.append(
                "\(outcome.runningName) decides \(Self.precise(tally.agreed, of: tally.compared)) as recorded"
                    + " (\(Self.grouped(tally.agreed)) of \(Self.grouped(tally.compared)))")
            lines += differences("recorded", "replayed", tally.disagreements).map { "  " + $0 }
        }
        let asRecorded = outcome.notAsked.filter { $0.standing == .asRecorded }.map(\.label)
        if !asRecorded.isEmpty {
            lines.append("as recorded: \(asRecorded.joined(separator: ", "))")
        }
        for (label, standing) in outcome.notAsked where standing != .asRecorded {
            lines.append("not replayed: \(label) \(Self.words(standing, missing(label)))")
        }
        for gap in outcome.gaps {
            lines.append(
                "unknown: \(gap.reader) decides without \(gap.fact), which \(gap.writer) finds"
                    + " and records do not have")
        }
        if outcome.late > 0 {
            lines.append(
                "late: \(Self.grouped(outcome.late)) requests lasted so long that they are replayed after"
                    + " others that came later")
        }
        let lost = tally.unreadable + outcome.neverInChain
        if lost > 0 {
            lines.append(
                "left out: \(Self.grouped(lost)) requests whose heads are refused before any plugin"
            )
        }
        return lines
    }

    private func missing(_ label: String) -> RequestParts {
        outcome.running.missing[label] ?? outcome.new.missing[label] ?? .all
    }

    private static func words(
        _ standing: ReplayOutcome.Standing, _ missing: RequestParts
    ) -> String {
        let stands =
            switch standing {
            case .asRecorded, .decisionsOnly: "its recorded decisions stand"
            case .changed:
                "its recorded decisions stand, and its new settings make no difference here"
            case .unknown: "what it would decide or find is not known"
            }
        return "needs \(missing.words), which are not in records: \(stands)"
    }

    // MARK: Words

    private static let extentColumns: [TextTable.Column] = [
        .init("requests", .number(importance: 0)), .init("first", .number(importance: 1)),
        .init("last", .number(importance: 1)),
    ]

    private static func cells(_ extent: Extent) -> [TextTable.Cell] {
        [
            cell(extent.count), .init(extent.first.map(second) ?? "-"),
            .init(extent.last.map(second) ?? "-"),
        ]
    }

    private static func cell(_ count: Int) -> TextTable.Cell {
        .init(grouped(count), short: Quantity.short(Int128(count)))
    }

    private static func second(_ time: WallTime) -> String { time.description.prefix(19) + "Z" }

    /// `84,112`
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { index, digit in
                index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
            })
    }

    /// `99.98 %`: nothing but all is all.
    static func precise(_ part: Int, of whole: Int) -> String {
        guard part < whole else { return "100 %" }
        let hundredths = min(part * 10_000 / max(whole, 1), 9_999)
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
    }

    private static func sorted<Key>(_ counts: [Key: Extent]) -> [(key: Key, value: Extent)] {
        counts.sorted { left, right in
            left.value.count != right.value.count
                ? left.value.count > right.value.count : "\(left.key)" < "\(right.key)"
        }
    }
}

extension RequestParts {
    /// As a person calls them.
    var words: String {
        [(RequestParts.fields, "header fields"), (.bodies, "bodies")]
            .filter { contains($0.0) }.map(\.1).joined(separator: " and ")
    }
}
