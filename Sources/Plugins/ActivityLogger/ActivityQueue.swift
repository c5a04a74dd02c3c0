import PluginAPI

/// Lines that wait to be written, in the order in which their requests ended, and the account of what
/// becomes of them. Any thread appends; one takes them out in batches.
///
/// Each line that was queued is either noted as written, or given up by `close`: once, whichever comes
/// first.
final class ActivityQueue: Sendable {
    /// What became of a line, and what is to be done about it.
    enum Admission: Equatable {
        case queued
        /// Queued, and the writer must be told to come at its time.
        case queuedFirst
        /// Queued, and so many are waiting now that they should be written at once.
        case queuedHalfway
        case refused
    }

    private struct State {
        var lines = JSONBuffer(capacity: 1 << 14)
        var records = 0
        /// Of those taken out and not yet noted as written; the whole batch's bytes until the last is.
        var batchRecords = 0
        var batchBytes = 0
        var isClosed = false
        /// Whether the writer will come at its time: there is never more than one such time.
        var isAnnounced = false
        var isHalfway = false
        /// Buffers to write one line in, each in use by one thread at most.
        var spare: [JSONBuffer] = []
    }

    /// How many bytes a record may take on average, so that clients who make long lines do not fill
    /// the memory; most lines are shorter than 1000 bytes.
    private static let bytesPerRecord = 2048

    private let capacity: Int
    private let byteCapacity: Int
    private let lineCapacity: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - capacity: in records, those that are being written included.
    ///   - lineCapacity: how much memory is kept for a line, in bytes.
    init(capacity: Int, lineCapacity: Int) {
        self.capacity = capacity
        byteCapacity = capacity * Self.bytesPerRecord
        self.lineCapacity = lineCapacity
    }

    /// How many records are not written yet.
    var count: Int { state.withLock { $0.records + $0.batchRecords } }

    /// An empty buffer for one line.
    func makeLine() -> JSONBuffer {
        state.withLock { $0.spare.popLast() } ?? JSONBuffer(capacity: lineCapacity)
    }

    /// Queues the line, and takes its buffer back.
    func append(_ line: JSONBuffer) -> Admission {
        state.withLock { state in
            defer {
                line.removeAll(keepingAtMost: lineCapacity)
                state.spare.append(line)
            }
            guard !state.isClosed, hasRoom(for: line, state) else { return .refused }
            state.lines.append(line.bytes)
            state.records += 1
            if !state.isHalfway,
                state.records >= (capacity + 1) / 2 || state.lines.count >= byteCapacity / 2
            {
                state.isHalfway = true
                return .queuedHalfway
            }
            return Self.announce(&state) ? .queuedFirst : .queued
        }
    }

    /// A line longer than all the room has it to itself.
    private func hasRoom(for line: JSONBuffer, _ state: State) -> Bool {
        let records = state.records + state.batchRecords
        let bytes = state.lines.count + state.batchBytes
        return records == 0 || records < capacity && bytes + line.count <= byteCapacity
    }

    // MARK: The writer's thread

    /// Hands over all lines, to be noted as they are written, in exchange for an empty buffer.
    func take(_ empty: JSONBuffer) -> JSONBuffer {
        state.withLock { state in
            let lines = state.lines
            state.lines = empty
            state.batchRecords = state.records
            state.batchBytes = lines.count
            state.records = 0
            state.isHalfway = false
            return lines
        }
    }

    /// Notes that so many of the lines that were taken out have been written.
    /// - Returns: false when they have been given up meanwhile.
    func noteWritten(_ count: Int) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.batchRecords -= count
            if state.batchRecords == 0 { state.batchBytes = 0 }
            return true
        }
    }

    /// Takes nothing any more, and gives up what is not written.
    /// - Returns: how many records those are.
    func close() -> Int {
        state.withLock { state in
            let lost = state.records + state.batchRecords
            state.isClosed = true
            (state.records, state.batchRecords, state.batchBytes) = (0, 0, 0)
            state.lines = JSONBuffer(capacity: 1)
            return lost
        }
    }

    /// Whether so many lines are waiting that they should be written at once.
    var isHalfway: Bool { state.withLock { $0.isHalfway } }

    /// Notes that the writer will come at its time.
    /// - Returns: false when that had been noted already.
    func announce() -> Bool { state.withLock { Self.announce(&$0) } }

    /// Notes that the writer has come at its time.
    func endAnnouncement() { state.withLock { $0.isAnnounced = false } }

    private static func announce(_ state: inout State) -> Bool {
        defer { state.isAnnounced = true }
        return !state.isAnnounced
    }
}
