import PluginAPI

/// The commands of one connection that have no reply yet. Redis answers in order, so the first to have
/// been sent is the next to be answered.
struct PendingReplies {
    // Invariant: first <= written <= entries.count; those before `first` are nil, the others are not.
    private(set) var entries: ContiguousArray<PendingReply?> = []
    private var first = 0
    /// Those from here on have yet to be written.
    private var written = 0

    var isEmpty: Bool { first == entries.count }

    mutating func append(_ purpose: PendingReply.Purpose, deadline: MonotonicTime? = nil) {
        entries.append(PendingReply(purpose: purpose, deadline: deadline))
    }

    mutating func popFirst() -> PendingReply? {
        guard !isEmpty else { return nil }
        let entry = entries[first]
        entries[first] = nil
        first += 1
        written = max(written, first)
        if isEmpty {
            entries.removeAll(keepingCapacity: true)
            (first, written) = (0, 0)
        } else if first >= 1024, first * 2 >= entries.count {
            // A connection that is never idle would keep its past for ever.
            entries.removeSubrange(..<first)
            (first, written) = (0, written - first)
        }
        return entry
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        (first, written) = (0, 0)
    }

    /// Those that had yet to be written have been, and wait until `deadline` unless they began before.
    mutating func markWritten(deadline: MonotonicTime) {
        for index in written..<entries.count where entries[index]!.deadline == nil {
            entries[index]!.deadline = deadline
        }
        written = entries.count
    }

    /// Of those that have been written. One that is sent again keeps its deadline, so it need not be the
    /// first one's.
    var earliestDeadline: MonotonicTime? {
        entries[first..<written].lazy.compactMap { $0!.deadline }.min()
    }
}
