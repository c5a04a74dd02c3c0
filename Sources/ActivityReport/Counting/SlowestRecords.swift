/// Keeps the records that took longest: a heap whose root is the quickest of them.
package final class SlowestRecords {
    private struct Entry {
        let duration: Int64
        let order: Int
        let line: [UInt8]

        /// Of two that took equally long, the later one goes first.
        func isQuicker(than other: Entry) -> Bool {
            (duration, -order) < (other.duration, -other.order)
        }
    }

    package let limit: Int
    // Invariant: no entry is quicker than its parent, which for n is (n - 1) / 2.
    private var heap: [Entry] = []
    private var seen = 0

    /// - Parameter limit: how many are kept, at least one.
    package init(limit: Int) { self.limit = limit }

    package func add(_ record: ActivityRecord) {
        guard let duration = record.microseconds(.duration) else { return }
        seen += 1
        if heap.count == limit {
            guard duration > heap[0].duration else { return }
            heap[0] = Entry(duration: duration, order: seen, line: Array(record.line))
            sink()
        } else {
            heap.append(Entry(duration: duration, order: seen, line: Array(record.line)))
            rise()
        }
    }

    /// Their lines, the slowest first; of those that took equally long, in the order of the log.
    package var lines: [[UInt8]] {
        heap.sorted { $1.isQuicker(than: $0) }.map(\.line)
    }

    private func rise() {
        var child = heap.count - 1
        while child > 0, heap[child].isQuicker(than: heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func sink() {
        var parent = 0
        while true {
            var quickest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isQuicker(than: heap[quickest]) {
                quickest = child
            }
            guard quickest != parent else { return }
            heap.swapAt(parent, quickest)
            parent = quickest
        }
    }
}
