import PluginAPI

/// Lines that wait to be written, in the order in which their requests ended. Any thread appends.
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
        /// Whether the writer will come at its time: there is never more than one such time.
        var isAnnounced = false
        var isHalfway = false
        /// Buffers to write one line in, each in use by one thread at most.
        var spare: [JSONBuffer] = []
    }

    private static let lineCapacity = 2048
    /// How many bytes a record may take on average, so that clients who make long lines do not fill
    /// the memory; most lines are shorter than 1000 bytes.
    private static let bytesPerRecord = 2048

    private let capacity: Int
    private let state = Locked(State())

    /// - Parameter capacity: in records.
    init(capacity: Int) { self.capacity = capacity }

    /// How many records are waiting.
    var count: Int { state.withLock { $0.records } }

    /// An empty buffer for one line.
    func makeLine() -> JSONBuffer {
        state.withLock { $0.spare.popLast() } ?? JSONBuffer(capacity: Self.lineCapacity)
    }

    /// Queues the line, and takes its buffer back.
    func append(_ line: JSONBuffer) -> Admission {
        state.withLock { state in
            defer {
                line.removeAll(keepingAtMost: Self.lineCapacity)
                state.spare.append(line)
            }
            let hasRoom =
                state.records == 0
                || state.records < capacity
                    && state.lines.count + line.count <= capacity * Self.bytesPerRecord
            guard hasRoom else { return .refused }
            state.lines.append(line.bytes)
            state.records += 1
            if !state.isHalfway, state.records >= (capacity + 1) / 2 {
                state.isHalfway = true
                return .queuedHalfway
            }
            return Self.announce(&state) ? .queuedFirst : .queued
        }
    }

    /// Hands over all lines in exchange for an empty buffer.
    func take(_ empty: JSONBuffer) -> (lines: JSONBuffer, records: Int) {
        state.withLock { state in
            let taken = (state.lines, state.records)
            state.lines = empty
            state.records = 0
            state.isHalfway = false
            return taken
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
