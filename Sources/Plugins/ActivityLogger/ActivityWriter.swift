import Dispatch
import PluginAPI

/// Brings queued lines to a sink, in batches and on a thread of its own: no request waits for a disk.
///
/// When the sink fails, the batch stays and is tried again at each interval, the queue fills, and
/// what then finds no place is dropped and counted.
///
/// Unchecked: what is not constant is used on `thread` only.
final class ActivityWriter: @unchecked Sendable {
    private let waiting: ActivityQueue
    private let sink: any ActivitySink
    private let flushInterval: Duration
    private let log: Log
    private let counters: ActivityCounters
    private let patience: Duration
    private let thread = DispatchQueue(label: "sluice.activity")

    private var batch = JSONBuffer(capacity: 1 << 14)
    /// How much of the batch has been written.
    private var written = 0
    private var batchRecords = 0
    private var isStopped = false
    /// Whether the sink failed the last time; any thread may look.
    private let isFailing = Locked(false)

    /// Memory that a batch took in a busy second is given back.
    private static let keptCapacity = 1 << 20

    /// - Parameters:
    ///   - capacity: how many records may be queued.
    ///   - flushInterval: how long a record may wait.
    ///   - patience: how long `stop` waits for a sink that takes nothing and does not fail either.
    init(
        _ sink: any ActivitySink, capacity: Int, flushInterval: Duration, log: Log,
        counters: ActivityCounters, patience: Duration = .seconds(5)
    ) {
        self.sink = sink
        waiting = ActivityQueue(capacity: capacity)
        self.flushInterval = flushInterval
        self.log = log
        self.counters = counters
        self.patience = patience
    }

    // MARK: Any thread

    /// How many records are queued.
    var queued: Int { waiting.count }

    /// An empty buffer, to be filled with one line and given to `append`.
    func makeLine() -> JSONBuffer { waiting.makeLine() }

    func append(_ line: JSONBuffer) {
        switch waiting.append(line) {
        case .queued: break
        case .queuedFirst: comeAtItsTime()
        case .queuedHalfway: thread.async { self.turn() }
        case .refused: isFailing.withLock { $0 } ? counters.failed.add() : counters.full.add()
        }
    }

    /// Opens the sink. A full disk is no reason not to serve.
    /// - Throws: `SinkUnavailable`.
    func start() throws {
        try thread.sync {
            do throws(SinkFailure) {
                _ = try sink.prepare()
            } catch {
                guard error.isPassing else {
                    throw SinkUnavailable(sink: sink.name, failure: error)
                }
                noteFailure(error)
            }
        }
    }

    func reopen() {
        thread.async { self.sink.reopen() }
    }

    /// Writes what is queued, as far as the sink takes it, and closes it.
    func stop() {
        let end = DispatchWorkItem { self.finish() }
        thread.async(execute: end)
        if end.wait(timeout: .now() + .nanoseconds(Int(patience.nanoseconds))) == .timedOut {
            log(
                .error, "activity records were not written: the sink does not take them",
                [("sink", sink.name), ("records", String(queued))])
        }
    }

    /// Writes what is queued now, and waits until it has been tried.
    func flush() {
        thread.sync { turn() }
    }

    // MARK: The writer's thread

    private func comeAtItsTime() {
        thread.asyncAfter(deadline: .now() + .nanoseconds(Int(flushInterval.nanoseconds))) {
            self.waiting.endAnnouncement()
            self.turn()
        }
    }

    /// Writes what is there, and says when to come again.
    private func turn() {
        guard !isStopped else { return }
        repeat { writeBatch() } while batchRecords == 0 && waiting.isHalfway
        if batchRecords > 0 || waiting.count > 0, waiting.announce() { comeAtItsTime() }
    }

    private func finish() {
        repeat { writeBatch() } while batchRecords == 0 && waiting.count > 0
        isStopped = true
        let lost = batchRecords + waiting.count
        if lost > 0 {
            counters.failed.add(lost)
            log(
                .error, "activity records were not written before the end",
                [("sink", sink.name), ("records", String(lost))])
        }
        sink.close()
    }

    /// Writes the batch that is left from last time, or else what is waiting.
    private func writeBatch() {
        if batchRecords == 0 {
            written = 0
            batch.removeAll(keepingAtMost: Self.keptCapacity)
            (batch, batchRecords) = waiting.take(batch)
            if batchRecords == 0 { return }
        }
        do throws(SinkFailure) {
            if try sink.prepare() { written = startOfLine(written) }
            while written < batch.count {
                written += try sink.write(UnsafeBufferPointer(rebasing: batch.bytes[written...]))
            }
            counters.written.add(batchRecords)
            batchRecords = 0
            noteSuccess()
        } catch {
            noteFailure(error)
        }
    }

    private func startOfLine(_ place: Int) -> Int {
        batch.bytes[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    // MARK: Changes of state

    private func noteFailure(_ failure: SinkFailure) {
        guard !isFailing.exchange(true) else { return }
        log(
            .warning, "activity records cannot be written; requests go on",
            [("sink", sink.name), ("error", failure.description)])
    }

    private func noteSuccess() {
        guard isFailing.exchange(false) else { return }
        log(
            .info, "activity records are written again",
            [("sink", sink.name), ("dropped", String(counters.failed.value))])
    }
}

extension Locked<Bool> {
    /// - Returns: the value before.
    fileprivate func exchange(_ value: Bool) -> Bool {
        withLock { current in
            defer { current = value }
            return current
        }
    }
}
