/// Rows of text under titles, made to fit a line's width.
///
/// What does not fit gives way in this order: names are cut in their middle, counts are written short
/// (`12.3M`), names are cut further, and columns are left out, the least important first.
package struct TextTable {
    package struct Column {
        package enum Kind {
            /// On the left, may be cut.
            case name
            /// On the right. A column of lower importance is left out first; 0 is never left out.
            case number(importance: Int)
        }

        let title: String
        let kind: Kind

        package init(_ title: String, _ kind: Kind) {
            self.title = title
            self.kind = kind
        }

        var isName: Bool {
            if case .name = kind { return true }
            return false
        }

        var importance: Int {
            if case .number(let importance) = kind { return importance }
            return 0
        }
    }

    package struct Cell {
        let text: String
        /// For narrow lines.
        let short: String

        package init(_ text: String, short: String? = nil) {
            self.text = text
            self.short = short ?? text
        }
    }

    private static let gap = "  "
    private let columns: [Column]
    private var rows: [[Cell]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// - Parameter row: a cell for each column.
    package mutating func append(_ row: [Cell]) { rows.append(row) }

    package var isEmpty: Bool { rows.isEmpty }

    /// The lines, and the titles of columns that were left out.
    package func lines(for terminal: Terminal) -> (lines: [String], leftOut: [String]) {
        var shown = Array(columns.indices)
        var leftOut: [String] {
            columns.indices.filter { !shown.contains($0) }.map { columns[$0].title }
        }
        while true {
            for (narrowest, isShort) in [(24, false), (24, true), (12, true)] {
                if let widths = widths(of: shown, terminal.width, narrowest, isShort) {
                    return (render(shown, widths, isShort, terminal), leftOut)
                }
            }
            // Of two that are equally important the one further to the right goes.
            let next = shown.filter { columns[$0].importance > 0 }
                .min { (columns[$0].importance, -$0) < (columns[$1].importance, -$1) }
            guard let next else { break }
            shown.removeAll { $0 == next }
        }
        let widths = widths(of: shown, terminal.width, 3, true) ?? shown.map { _ in 3 }
        return (render(shown, widths, true, terminal), leftOut)
    }

    /// The widths with which these columns fit; nil when they do not, with names of at least `narrowest`.
    private func widths(
        of shown: [Int], _ width: Int, _ narrowest: Int, _ isShort: Bool
    ) -> [Int]? {
        var widths = shown.map { naturalWidth($0, isShort) }
        let names = shown.indices.filter { columns[shown[$0]].isName }
        let fixed =
            shown.indices.filter { !names.contains($0) }.reduce(0) { $0 + widths[$1] }
            + Self.gap.count * (shown.count - 1)
        var left = width - fixed
        // The shorter names keep what they need; the longer ones share the rest.
        for (index, name) in names.sorted(by: { widths[$0] < widths[$1] }).enumerated() {
            let share = left / (names.count - index)
            if widths[name] > share {
                guard share >= narrowest else { return nil }
                widths[name] = share
            }
            left -= widths[name]
        }
        return left >= 0 ? widths : nil
    }

    private func naturalWidth(_ column: Int, _ isShort: Bool) -> Int {
        rows.reduce(DisplayText.width(columns[column].title)) {
            max($0, DisplayText.width(isShort ? $1[column].short : $1[column].text))
        }
    }

    private func render(
        _ shown: [Int], _ widths: [Int], _ isShort: Bool, _ terminal: Terminal
    ) -> [String] {
        func line(_ texts: [String]) -> String {
            let cells = zip(shown, zip(texts, widths)).map { column, cell in
                let text = DisplayText.fitted(cell.0, to: cell.1)
                let padding = String(
                    repeating: " ", count: max(0, cell.1 - DisplayText.width(text)))
                return columns[column].isName ? text + padding : padding + text
            }
            let joined = cells.joined(separator: Self.gap)
            return String(joined.reversed().drop { $0 == " " }.reversed())
        }
        let titles = terminal.styled(line(shown.map { columns[$0].title }), .bold)
        return [titles]
            + rows.map { row in line(shown.map { isShort ? row[$0].short : row[$0].text }) }
    }
}
