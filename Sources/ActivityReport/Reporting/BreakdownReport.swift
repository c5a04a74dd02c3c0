import PluginAPI

/// Counts by fields of the asker's choice: `--by model,hour`.
package final class BreakdownReport: Report {
    private let table: GroupTable
    private let filter: RecordFilter
    private let column: TallyColumn?
    private let most: Int?
    private var total = Tally()

    /// - Parameters:
    ///   - column: what the groups are sorted by; nil for the order of their values.
    ///   - most: how many groups are shown; nil for all.
    package init(
        by fields: [RecordField], filter: RecordFilter, sortedBy column: TallyColumn?, most: Int?,
        mostGroups: Int = 10_000
    ) {
        table = GroupTable(by: fields, mostGroups: mostGroups)
        self.filter = filter
        self.column = column
        self.most = most
    }

    package func add(_ record: ActivityRecord) {
        total.add(record)
        table.add(record, filter)
    }

    private var selection: GroupSelection { GroupSelection(table, by: column, most: most) }

    package func lines(_ origin: ReportOrigin, for terminal: Terminal) -> [String] {
        if total.requests == 0 { return ["no records"] }
        let (lines, leftOut) = TextTable(
            table, selection, sortedBy: column, total: total
        ).lines(for: terminal)
        var notes: [String] = []
        if !leftOut.isEmpty {
            notes.append(
                "no room for \(leftOut.joined(separator: ", ")): set COLUMNS to more, or ask for --json"
            )
        }
        if table.overflow.requests > 0 {
            notes.append(
                "only the first \(table.mostGroups) groups are told apart; later ones are among other"
            )
        }
        return lines + (notes.isEmpty ? [] : [""])
            + notes.flatMap { DisplayText.folded($0, to: terminal.width) }
    }

    package func json(_ origin: ReportOrigin) -> String {
        JSONValue.object(
            [
                JSONValue.Member("by", .array(table.fields.map { .string($0.name) })),
                JSONValue.Member("groups", .array(selection.json(table))),
                JSONValue.Member("other", selection.rest?.tally.json ?? .null),
                JSONValue.Member("all", total.json),
            ] + origin.json
        ).indented
    }
}

extension GroupSelection {
    /// The groups that are shown.
    func json(_ table: GroupTable) -> [JSONValue] {
        shown.map { group in
            let names = zip(table.fields, group.values).map { field, value in
                JSONValue.Member(field.name, field.json(value))
            }
            guard case .object(let numbers) = group.tally.json else { return .null }
            return .object(names + numbers)
        }
    }
}
