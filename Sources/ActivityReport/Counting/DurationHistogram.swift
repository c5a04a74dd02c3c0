/// Counts of durations by size, for quantiles with a relative error of at most 1 in 128 (0.8 %).
///
/// Log-linear: each doubling of the duration is divided into 64 equal cells, and below 128 µs each
/// microsecond is a cell of its own. A cell is answered by its middle, which is at most half a cell
/// away: half of 1/64. Cells are made a doubling at a time, as durations fall into it: most groups
/// have a handful.
package struct DurationHistogram: Sendable {
    private static let cellsOfRow = 64
    private static let bitsOfRow = 6

    /// Row 0 has 0 to 63 µs; row n has the 64 cells from 2^(n+5) µs to its double.
    private var rows: [[UInt64]] = []
    package private(set) var count: UInt64 = 0
    private var smallest = Int64.max
    private var largest: Int64 = 0

    package init() {}

    /// The longest; nil when there is none. Exact.
    package var maximum: Int64? { count == 0 ? nil : largest }

    /// - Parameter microseconds: not negative.
    package mutating func add(_ microseconds: Int64) {
        let (row, cell) = Self.place(microseconds)
        while rows.count <= row { rows.append([]) }
        if rows[row].isEmpty { rows[row] = [UInt64](repeating: 0, count: Self.cellsOfRow) }
        rows[row][cell] += 1
        count += 1
        smallest = min(smallest, microseconds)
        largest = max(largest, microseconds)
    }

    /// The duration in microseconds that so large a share of all do not exceed (nearest rank); nil when
    /// there is none.
    package func quantile(_ share: Double) -> Int64? {
        guard count > 0 else { return nil }
        let rank = min(max(UInt64((share * Double(count)).rounded(.up)), 1), count)
        var below: UInt64 = 0
        for (row, cells) in rows.enumerated() {
            for (cell, count) in cells.enumerated() where count > 0 {
                below += count
                if below >= rank { return min(max(Self.middle(row, cell), smallest), largest) }
            }
        }
        return largest
    }

    package static func += (left: inout Self, right: Self) {
        while left.rows.count < right.rows.count { left.rows.append([]) }
        for (row, cells) in right.rows.enumerated() where !cells.isEmpty {
            if left.rows[row].isEmpty {
                left.rows[row] = cells
            } else {
                for cell in cells.indices { left.rows[row][cell] += cells[cell] }
            }
        }
        left.count += right.count
        left.smallest = min(left.smallest, right.smallest)
        left.largest = max(left.largest, right.largest)
    }

    private static func place(_ microseconds: Int64) -> (row: Int, cell: Int) {
        let value = UInt64(max(0, microseconds))
        if value < UInt64(cellsOfRow) { return (0, Int(value)) }
        let shift = 63 - value.leadingZeroBitCount - bitsOfRow
        return (shift + 1, Int(value >> shift) - cellsOfRow)
    }

    private static func middle(_ row: Int, _ cell: Int) -> Int64 {
        if row == 0 { return Int64(cell) }
        let shift = row - 1
        return Int64(cellsOfRow + cell) << shift + (Int64(1) << shift) / 2
    }
}
