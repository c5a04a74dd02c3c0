import PluginAPI

/// Counts records by the values of some fields.
///
/// Memory is bounded by `mostGroups`: that many are told apart, those that come first; records of all
/// that come later are counted together. So each group that is shown is shown with all its records.
package final class GroupTable {
    /// The records of all groups for which there was no room.
    package private(set) var overflow = Tally()
    package let fields: [RecordField]
    package let mostGroups: Int

    // Invariants: groups[n]'s key is keys[ends[n - 1]..<ends[n]] and its hash hashes[n]; slots has a
    // power of two of cells, at least twice as many as groups, each -1 or the number of the group whose
    // hash leads there, or to a cell in front of it without an empty one between.
    private var groups: [Tally] = []
    private var keys: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [Int] = []
    private var slots = [Int32](repeating: -1, count: 64)
    private var key = GroupKey()
    private let isByDecision: Bool
    /// Groups that the present record has been counted in.
    private var counted: [Int32] = []

    /// - Parameter fields: at least one.
    package init(by fields: [RecordField], mostGroups: Int = 10_000) {
        self.fields = fields
        self.mostGroups = mostGroups
        isByDecision = fields.contains(where: \.isOfDecision)
    }

    /// How many groups are told apart.
    package var count: Int { groups.count }

    /// Counts the record in its group. By fields of its decisions it is counted once in each group of
    /// those that the filter asks for, and once as having none when it has none.
    package func add(_ record: ActivityRecord, _ filter: RecordFilter) {
        guard isByDecision else { return add(record, nil) }
        counted.removeAll(keepingCapacity: true)
        if record.decisions.isEmpty { return add(record, nil) }
        for decision in record.decisions where filter.matches(decision, of: record) {
            add(record, decision)
        }
    }

    private func add(_ record: ActivityRecord, _ decision: ActivityRecord.Decision?) {
        key.removeAll()
        for field in fields { key.append(field, of: record, decision) }
        let group = key.bytes.withUnsafeBytes { find($0) }
        if isByDecision {
            guard !counted.contains(group) else { return }
            counted.append(group)
        }
        if group >= 0 {
            groups[Int(group)].add(record)
        } else {
            overflow.add(record)
        }
    }

    /// The number of the group with this key, a new one if there is room; else -1.
    private func find(_ key: UnsafeRawBufferPointer) -> Int32 {
        // Seeded anew for each process: what clients send cannot be made to collide.
        var hasher = Hasher()
        hasher.combine(bytes: key)
        let hash = hasher.finalize()
        let mask = slots.count - 1
        var slot = hash & mask
        while slots[slot] >= 0 {
            let group = Int(slots[slot])
            if hashes[group] == hash, isKey(of: group, key) { return slots[slot] }
            slot = (slot + 1) & mask
        }
        guard groups.count < mostGroups else { return -1 }
        let group = Int32(groups.count)
        groups.append(Tally())
        keys.append(contentsOf: key)
        ends.append(keys.count)
        hashes.append(hash)
        slots[slot] = group
        if groups.count * 2 > slots.count { grow() }
        return group
    }

    private func isKey(of group: Int, _ key: UnsafeRawBufferPointer) -> Bool {
        let start = group == 0 ? 0 : ends[group - 1]
        guard ends[group] - start == key.count else { return false }
        return keys.withUnsafeBytes { keys in
            ASCII.equals(
                UnsafeRawBufferPointer(rebasing: keys[start..<ends[group]]).assumingMemoryBound(
                    to: UInt8.self), key.assumingMemoryBound(to: UInt8.self))
        }
    }

    private func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for (group, hash) in hashes.enumerated() {
            var slot = hash & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(group)
        }
    }

    // MARK: Reading

    package struct Group: Sendable {
        /// Of the table's fields, in their order.
        package let values: [FieldValue]
        package let tally: Tally
    }

    /// All groups, in the order in which they first came.
    package var all: [Group] {
        groups.indices.map { group in
            let start = group == 0 ? 0 : ends[group - 1]
            return Group(
                values: GroupKey.values(keys[start..<ends[group]]), tally: groups[group])
        }
    }
}
