import PluginAPI

/// Lines that wait to be written, in the order in which they came, and the account of what becomes of them. Any thread appends; one takes them out in batches.
///
/// Each line that was queued is either noted as written, or given up by `close`: once, whichever comes
/// first.
final class LineQueue: Sendable {
    /// What became of a line, and what is to be done about it.
    enum Admission: Equatable {
        case queued
        /// Queued, and the writer must be told to come at its time.
        case queuedFirst
        /// Queued, and so many are waiting now that they should be written at once.
        case queuedUrgent
        case refused
    }

    private struct State {
        var lines = JSONBuffer(capacity: 1 << 14)
        var waiting = 0
        /// Of those taken out and not yet noted as written; the whole batch's bytes until the last is.
        var batchLines = 0
        var batchBytes = 0
        var isClosed = false
        /// Whether the writer will come at its time: there is never more than one such time.
        var isAnnounced = false
        var isUrgent = false
        /// Buffers to write one line in, each in use by one thread at most.
        var spare: [JSONBuffer] = []
    }

    /// How many bytes a line may take on average, so that clients who make long lines do not fill
    /// the memory; most are shorter than 1000 bytes.
    private static let bytesPerLine = 2048

    private let capacity: Int
    private let byteCapacity: Int
    private let lineCapacity: Int
    private let urgentCount: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - capacity: in lines, those that are being written included.
    ///   - lineCapacity: how much memory is kept for a line, in bytes.
    ///   - urgentCount: so many should be written at once; at most half of the capacity, which it is unless
    ///     told.
    init(capacity: Int, lineCapacity: Int, urgentCount: Int = .max) {
        self.capacity = capacity
        byteCapacity = capacity * Self.bytesPerLine
        self.lineCapacity = lineCapacity
        self.urgentCount = min(urgentCount, (capacity + 1) / 2)
    }

    /// How many lines are not written yet.
    var count: Int { state.withLock { $0.waiting + $0.batchLines } }

    /// An empty buffer, for one line or for several that belong together.
    func makeLine() -> JSONBuffer {
        state.withLock { $0.spare.popLast() } ?? JSONBuffer(capacity: lineCapacity)
    }

    /// Queues what is in the buffer, all or nothing, and takes the buffer back.
    /// - Parameter count: how many lines that is.
    func append(_ line: JSONBuffer, count: Int = 1) -> Admission {
        state.withLock { state in
            defer {
                line.removeAll(keepingAtMost: lineCapacity)
                state.spare.append(line)
            }
            guard !state.isClosed, hasRoom(for: line, count, state) else { return .refused }
            state.lines.append(line.bytes)
            state.waiting += count
            if !state.isUrgent,
                state.waiting >= urgentCount || state.lines.count >= byteCapacity / 2
            {
                state.isUrgent = true
                return .queuedUrgent
            }
            return Self.announce(&state) ? .queuedFirst : .queued
        }
    }

    /// What is longer than all the room has it to itself.
    private func hasRoom(for line: JSONBuffer, _ count: Int, _ state: State) -> Bool {
        let lines = state.waiting + state.batchLines
        let bytes = state.lines.count + state.batchBytes
        return lines == 0 || lines + count <= capacity && bytes + line.count <= byteCapacity
    }

    // MARK: The writer's thread

    /// Hands over all lines, to be noted as they are written, in exchange for an empty buffer.
    func take(_ empty: JSONBuffer) -> JSONBuffer {
        state.withLock { state in
            let lines = state.lines
            state.lines = empty
            state.batchLines = state.waiting
            state.batchBytes = lines.count
            state.waiting = 0
            state.isUrgent = false
            return lines
        }
    }

    /// Notes that so many of the lines that were taken out have been written.
    /// - Returns: false when they have been given up meanwhile.
    func noteWritten(_ count: Int) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.batchLines -= count
            if state.batchLines == 0 { state.batchBytes = 0 }
            return true
        }
    }

    /// Takes nothing any more, and gives up what is not written.
    /// - Returns: how many lines those are.
    func close() -> Int {
        state.withLock { state in
            let lost = state.waiting + state.batchLines
            state.isClosed = true
            (state.waiting, state.batchLines, state.batchBytes) = (0, 0, 0)
            state.lines = JSONBuffer(capacity: 1)
            return lost
        }
    }

    /// Whether so many lines are waiting that they should be written at once.
    var isUrgent: Bool { state.withLock { $0.isUrgent } }

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
