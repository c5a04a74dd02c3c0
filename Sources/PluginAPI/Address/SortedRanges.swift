/// Whole numbers as ranges that are sorted and do not touch, found by binary search.
struct SortedRanges<Bound: FixedWidthInteger & Sendable>: Sendable {
    // Invariant: starts[i] <= ends[i], and ends[i] + 1 < starts[i + 1]. Starts stand by themselves
    // because a search looks at many of them and at one end.
    private var starts: [Bound] = []
    private var ends: [Bound] = []

    var count: Int { starts.count }

    init(_ ranges: [ClosedRange<Bound>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let end = ends.last, end == .max || range.lowerBound <= end + 1 {
                ends[ends.count - 1] = max(end, range.upperBound)
            } else {
                starts.append(range.lowerBound)
                ends.append(range.upperBound)
            }
        }
    }

    func contains(_ value: Bound) -> Bool {
        // starts[..<low] are not above the value, starts[high...] are.
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low > 0 && value <= ends[low - 1]
    }
}
