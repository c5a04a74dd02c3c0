import PluginAPI

/// The state of the process: every table that a plugin keeps, by name.
///
/// It outlives configurations, so that limits go on counting through a reload. A table goes when the
/// last plugin that uses it has gone.
package final class StateStore: SharedState {
    let clock: StateClock
    private let tables = Locked<[String: Entry]>([:])

    private struct Entry {
        weak var table: RecordTable?
        let recordSize: Int
        let maximumKeys: Int
    }

    /// - Parameter time: by which records are kept while nobody shares them.
    package init(time: any TimeSource = SystemTime()) { clock = StateClock(time) }

    package func table(_ name: String, _ program: any StateProgram, maximumKeys: Int)
        -> any StateTable
    {
        tables.withLock { tables in
            if let entry = tables[name], let table = entry.table,
                entry.recordSize == program.recordSize, entry.maximumKeys == maximumKeys
            {
                return table
            }
            tables = tables.filter { $0.value.table != nil }
            let table = RecordTable(name, program, maximumKeys: maximumKeys)
            tables[name] = Entry(
                table: table, recordSize: program.recordSize, maximumKeys: maximumKeys)
            return table
        }
    }

    /// Takes a step in this process's memory. Any thread.
    package func run(_ step: StateStep) -> StateResult { run(step, now: clock.now) }

    func run(_ step: StateStep, now: Double) -> StateResult {
        Self.table(of: step).run(step, now: now)
    }

    /// Every table that a step may name comes from a store.
    static func table(of step: StateStep) -> RecordTable {
        guard let table = step.table as? RecordTable else {
            preconditionFailure("a table of state that was not made by Setup.state")
        }
        return table
    }

    /// Removes what has expired, a part at a time. Called every so often, beside all requests.
    func sweep() {
        let now = clock.now
        let living = tables.withLock { $0.values.compactMap(\.table) }
        for table in living { table.sweep(now: now) }
    }
}

/// For those who have no event loop: in memory, at once.
extension StateStore: StateAccess {
    package func take(_ step: StateStep, then: @escaping (StateResult) -> Void) { then(run(step)) }

    package func take(_ step: StateStep) { _ = run(step) }
}
