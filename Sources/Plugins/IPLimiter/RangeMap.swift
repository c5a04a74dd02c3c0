/// Ranges of whole numbers, each with a value, found by binary search. Where several hold a number, the
/// one with the lowest value counts.
struct RangeMap<Bound: FixedWidthInteger & Sendable>: Sendable {
    struct Entry {
        let range: ClosedRange<Bound>
        /// Below `none`.
        let value: UInt16
    }

    static var none: UInt16 { .max }

    // From each start up to the next one its value holds. They rise, and neighbours differ in value.
    private var starts: [Bound] = []
    private var values: [UInt16] = []

    /// - Precondition: of two ranges that overlap, one holds the other, as networks do.
    init(_ entries: [Entry]) {
        let sorted = entries.sorted {
            let (left, right) = ($0.range, $1.range)
            return left.lowerBound == right.lowerBound
                ? left.upperBound > right.upperBound : left.lowerBound < right.lowerBound
        }
        /// Those that hold the place at which the sweep is, the widest first, each with the lowest value
        /// up to it.
        var open: [(end: Bound, value: UInt16)] = []
        func close(before start: Bound?) {
            while let last = open.last, start.map({ last.end < $0 }) ?? true {
                open.removeLast()
                if last.end < .max { begin(at: last.end + 1, open.last?.value ?? Self.none) }
            }
        }
        for entry in sorted {
            close(before: entry.range.lowerBound)
            let value = min(entry.value, open.last?.value ?? Self.none)
            open.append((entry.range.upperBound, value))
            begin(at: entry.range.lowerBound, value)
        }
        close(before: nil)
    }

    private mutating func begin(at start: Bound, _ value: UInt16) {
        if starts.last == start {
            starts.removeLast()
            values.removeLast()
        }
        guard values.last ?? Self.none != value else { return }
        starts.append(start)
        values.append(value)
    }

    /// The value that holds for a number; nil where there is none.
    func value(of number: Bound) -> UInt16? {
        // starts[..<low] are not above the number, starts[high...] are.
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle + 1 } else { high = middle }
        }
        guard low > 0, values[low - 1] != Self.none else { return nil }
        return values[low - 1]
    }
}
