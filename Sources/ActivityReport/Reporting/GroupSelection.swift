import PluginAPI

/// Which groups of a table are shown, and in which order; the rest is shown as one.
struct GroupSelection {
    let shown: [GroupTable.Group]
    /// What is not shown, and how many groups of it were told apart; nil when all is shown.
    let rest: (tally: Tally, groups: Int)?

    /// - Parameters:
    ///   - column: the largest first; nil for the order of the groups' values, which is that of time.
    ///   - most: how many are shown; nil for all.
    init(_ table: GroupTable, by column: TallyColumn?, most: Int?) {
        let all = table.all
        var sorted: [GroupTable.Group]
        if let column {
            // A quantile is not worth being computed anew for each comparison.
            sorted = all.map { (group: $0, value: column.value($0.tally)) }
                .sorted {
                    $0.value != $1.value
                        ? $0.value > $1.value
                        : $0.group.values.lexicographicallyPrecedes($1.group.values)
                }.map(\.group)
        } else {
            sorted = all.sorted { $0.values.lexicographicallyPrecedes($1.values) }
        }
        shown = Array(sorted.prefix(most ?? .max))
        let hidden = sorted.dropFirst(shown.count)
        var tally = table.overflow
        for group in hidden { tally += group.tally }
        rest = hidden.isEmpty && tally.requests == 0 ? nil : (tally, hidden.count)
    }

    /// `other (17)`, or `other (more than 9990)` when not all were told apart.
    func restLabel(_ table: GroupTable) -> String {
        guard let rest else { return "" }
        return table.overflow.requests > 0
            ? "other (more than \(rest.groups))" : "other (\(rest.groups))"
    }
}

extension TextTable {
    /// The table of a selection, with a row of what is not shown and, if asked for, of all together.
    /// - Parameter sortColumn: is shown in any case.
    init(
        _ table: GroupTable, _ selection: GroupSelection, sortedBy sortColumn: TallyColumn? = nil,
        total: Tally?
    ) {
        let columns = TallyColumn.allCases.filter { column in
            if column == sortColumn { return true }
            return switch column {
            case _ where !TallyColumn.shown.contains(column): false
            case .requests, .errors, .refused, .p50, .p95: true
            // Of traffic that has no tokens and no cost nothing is said of them.
            case .cost:
                selection.shown.contains { $0.tally.priced > 0 } || total?.priced ?? 0 > 0
            default:
                selection.shown.contains { column.value($0.tally) != 0 }
                    || total.map { column.value($0) != 0 } ?? false
            }
        }
        self.init(
            table.fields.map { Column($0.name, .name) }
                + columns.map {
                    Column($0.rawValue, .number(importance: $0 == sortColumn ? 10 : $0.importance))
                })
        let tallies =
            selection.shown.map(\.tally) + [selection.rest?.tally, total].compactMap(\.self)
        let decimals = tallies.reduce(0) { max($0, $1.cost.decimals) }
        func cells(_ tally: Tally) -> [Cell] {
            columns.map { $0.cell(tally, decimals: decimals) }
        }
        func labelled(_ label: String) -> [Cell] {
            [Cell(label)] + table.fields.dropFirst().map { _ in Cell("") }
        }
        for group in selection.shown {
            let names = zip(table.fields, group.values).map { field, value in
                let label = DisplayText.visible(field.label(value))
                // Of a moment the year is known best.
                let isMoment = field == .hour || field == .minute
                return Cell(label, short: isMoment ? String(label.dropFirst(5)) : nil)
            }
            append(names + cells(group.tally))
        }
        if let rest = selection.rest {
            append(labelled(selection.restLabel(table)) + cells(rest.tally))
        }
        if let total { append(labelled("all") + cells(total)) }
    }
}
