import Dispatch
import PluginAPI

/// Brings queued lines to a sink, in batches and on a thread of its own: no request waits for a disk.
///
/// When the sink fails, what is left of the batch stays and is tried again, less and less often, the
/// queue fills, and what then finds no place is dropped and counted.
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
    /// Whether records can be written; any thread may look.
    let standing: ActivityStanding

    private var batch = JSONBuffer(capacity: 1 << 14)
    /// How much of the batch has been written.
    private var written = 0
    /// How often in a row the sink has failed.
    private var failures = 0
    private var isStopped = false

    /// Memory that a batch took in a busy second is given back.
    private static let keptCapacity = 1 << 20
    /// The longest that a sink which fails is left alone, unless the flush interval is longer.
    private static let longestRetry: Duration = .seconds(2)

    /// - Parameters:
    ///   - flushInterval: how long a record may wait.
    ///   - patience: how long `stop` waits for a sink that takes nothing and does not fail either.
    init(
        _ sink: any ActivitySink, queue: ActivityQueue, flushInterval: Duration, setup: Setup,
        counters: ActivityCounters, patience: Duration = .seconds(5)
    ) {
        self.sink = sink
        waiting = queue
        self.flushInterval = flushInterval
        log = setup.log
        self.counters = counters
        self.patience = patience
        standing = ActivityStanding(
            sink: sink.name, counters: counters, time: setup.time, log: setup.log)
    }

    // MARK: Any thread

    /// How many records are not written yet.
    var queued: Int { waiting.count }

    /// An empty buffer, to be filled with one line and given to `append`.
    func makeLine() -> JSONBuffer { waiting.makeLine() }

    func append(_ line: JSONBuffer) {
        switch waiting.append(line) {
        case .queued: break
        case .queuedFirst: comeAtItsTime()
        case .queuedHalfway: thread.async { self.turn() }
        case .refused: standing.isFailing ? counters.failed.add() : counters.full.add()
        }
    }

    /// Opens the sink. What may pass by itself is no reason not to serve, and nobody waits for what is
    /// elsewhere.
    /// - Throws: `SinkUnavailable`.
    func start() throws {
        guard !sink.isRemote else { return thread.async { self.openRemote() } }
        try thread.sync {
            do throws(SinkFailure) {
                _ = try sink.prepare()
            } catch {
                guard error.isPassing else {
                    throw SinkUnavailable(sink: sink.name, failure: error)
                }
                standing.note(error)
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
            giveUp("activity records were not written: the sink does not take them")
        }
    }

    /// Writes what is queued now, and waits until it has been tried.
    func flush() {
        thread.sync { turn() }
    }

    // MARK: The writer's thread

    private func openRemote() {
        do throws(SinkFailure) {
            _ = try sink.prepare()
        } catch {
            noteFailure(error)
            comeAgain()
        }
    }

    /// Any thread.
    private func comeAtItsTime(after delay: Duration? = nil) {
        // The system may be late by a tenth, and writing takes its time too.
        let nanoseconds = Int((delay ?? flushInterval).nanoseconds) / 5 * 4
        thread.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
            self.waiting.endAnnouncement()
            self.turn()
        }
    }

    /// Writes what is there, and says when to come again.
    private func turn() {
        guard !isStopped else { return }
        repeat { writeBatch() } while failures == 0 && waiting.isHalfway
        if failures > 0 || waiting.count > 0 { comeAgain() }
    }

    /// After failures, twice as late each time.
    private func comeAgain() {
        guard waiting.announce() else { return }
        let longest = max(flushInterval, Self.longestRetry)
        comeAtItsTime(after: min(flushInterval * (1 << min(failures, 16)), longest))
    }

    private func finish() {
        repeat { writeBatch() } while failures == 0 && waiting.count > 0
        isStopped = true
        giveUp("activity records were not written before the end")
        sink.close()
    }

    /// Any thread.
    private func giveUp(_ event: String) {
        let lost = waiting.close()
        guard lost > 0 else { return }
        counters.failed.add(lost)
        log(.error, event, [("sink", sink.name), ("records", String(lost))])
    }

    /// Writes what is left of the batch, or else what is waiting.
    private func writeBatch() {
        if written == batch.count {
            written = 0
            batch.removeAll(keepingAtMost: Self.keptCapacity)
            batch = waiting.take(batch)
        }
        // A sink that failed is looked after, even if there is nothing to write.
        if batch.count == 0, failures == 0 { return }
        do throws(SinkFailure) {
            if try sink.prepare() { written = startOfLine(written) }
            while written < batch.count {
                let lines = UnsafeBufferPointer(rebasing: batch.bytes[written...])
                let count = try sink.write(lines)
                written += count
                guard note(UnsafeBufferPointer(rebasing: lines[..<count])) else { return }
            }
            failures = 0
            standing.noteSuccess()
        } catch {
            noteFailure(error)
        }
    }

    /// Counts the lines that end in what has been written.
    /// - Returns: false when all has been given up meanwhile.
    private func note(_ written: UnsafeBufferPointer<UInt8>) -> Bool {
        let ended = written.lineCount
        guard waiting.noteWritten(ended) else { return false }
        counters.written.add(ended)
        return true
    }

    private func startOfLine(_ place: Int) -> Int {
        batch.bytes[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    private func noteFailure(_ failure: SinkFailure) {
        failures += 1
        standing.note(failure)
    }
}
