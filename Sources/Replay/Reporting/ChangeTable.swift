/// Changes by client or by identity. Memory is bounded: of so many the changes are told apart.
struct ChangeTable {
    private var rows: [String: ChangeCounts] = [:]
    /// Those of names that came when there were too many.
    private(set) var others = ChangeCounts()

    private static let bound = 100_000

    mutating func add(_ name: String, _ change: Change) {
        if rows[name] == nil, rows.count >= Self.bound {
            others.add(change)
        } else {
            rows[name, default: ChangeCounts()].add(change)
        }
    }

    var count: Int { rows.count }

    /// Those with most changes; of two with as many the one whose name comes first.
    func top(_ most: Int) -> [(name: String, counts: ChangeCounts)] {
        let sorted = rows.sorted { left, right in
            left.value.changed != right.value.changed
                ? left.value.changed > right.value.changed : left.key < right.key
        }
        return sorted.prefix(most).map { ($0.key, $0.value) }
    }
}
