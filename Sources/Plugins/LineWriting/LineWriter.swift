import Dispatch
import PluginAPI

/// Brings queued lines to a sink, in batches and on a thread of its own: no request waits for a disk.
///
/// When the sink fails, what is left of the batch stays and is tried again, less and less often, the
/// queue fills, and what then finds no place is dropped and counted.
///
/// Unchecked: what is not constant is used on `thread` only.
final class LineWriter: @unchecked Sendable {
    private let waiting: LineQueue
    private let sink: any LineSink
    private let flushInterval: Duration
    private let log: Log
    private let counters: LineCounters
    private let events: LineEvents
    private let patience: Duration
    private let thread = DispatchQueue(label: "sluice.lines")
    /// Whether lines can be written; any thread may look.
    let standing: SinkStanding

    private var batch = JSONBuffer(capacity: 1 << 14)
    /// How much of the batch has been written.
    private var written = 0
    /// How often in a row the sink has failed.
    private var failures = 0
    private var isStopped = false
    /// Until when whoever is behind the sink asks to be left alone.
    private var restEnd: DispatchTime?

    /// Memory that a batch took in a busy second is given back.
    private static let keptCapacity = 1 << 20
    private let longestRetry: Duration

    /// - Parameters:
    ///   - flushInterval: how long a line may wait.
    ///   - longestRetry: the longest that a sink which fails is left alone, unless the flush interval is longer
    ///     or the sink asks for more.
    ///   - patience: how long `stop` waits for a sink that takes nothing and does not fail either.
    init(
        _ sink: any LineSink, queue: LineQueue, flushInterval: Duration, setup: Setup,
        events: LineEvents, counters: LineCounters, longestRetry: Duration = .seconds(2),
        patience: Duration = .seconds(5)
    ) {
        self.sink = sink
        waiting = queue
        self.flushInterval = flushInterval
        log = setup.log
        self.counters = counters
        self.events = events
        self.longestRetry = longestRetry
        self.patience = patience
        standing = SinkStanding(
            sink: sink.name, events: events, counters: counters, time: setup.time, log: setup.log)
    }

    // MARK: Any thread

    /// How many lines are not written yet.
    var queued: Int { waiting.count }

    /// An empty buffer, to be filled and given to `append`.
    func makeLine() -> JSONBuffer { waiting.makeLine() }

    /// - Parameter count: how many lines are in the buffer; they are queued, or dropped, together.
    func append(_ line: JSONBuffer, count: Int = 1) {
        switch waiting.append(line, count: count) {
        case .queued: break
        case .queuedFirst: comeAtItsTime()
        case .queuedUrgent: thread.async { self.turn() }
        case .refused: standing.isFailing ? counters.failed.add(count) : counters.full.add(count)
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
                    throw SinkUnavailable(
                        sink: sink.name, lines: events.noun, failure: error)
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
            giveUp(events.stuck)
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
        repeat { writeBatch() } while failures == 0 && waiting.isUrgent
        if failures > 0 || waiting.count > 0 { comeAgain() }
    }

    /// After failures, twice as late each time.
    private func comeAgain() {
        guard waiting.announce() else { return }
        let longest = max(flushInterval, longestRetry)
        let delay = min(flushInterval * (1 << min(failures, 16)), longest)
        // Servers have many clients, which must not all come back at once.
        comeAtItsTime(
            after: failures > 0 && sink.isRemote ? delay * Double.random(in: 0.5...1) : delay)
    }

    private func finish() {
        repeat { writeBatch() } while failures == 0 && waiting.count > 0
        isStopped = true
        giveUp(events.lost)
        sink.close()
    }

    /// Any thread.
    private func giveUp(_ event: String) {
        let lost = waiting.close()
        guard lost > 0 else { return }
        counters.failed.add(lost)
        log(.error, event, [("sink", sink.name), (events.unit, String(lost))])
    }

    /// Writes what is left of the batch, or else what is waiting.
    private func writeBatch() {
        if let restEnd, restEnd > .now() { return }
        if written == batch.count {
            written = 0
            batch.removeAll(keepingAtMost: Self.keptCapacity)
            batch = waiting.take(batch)
        }
        // A sink that failed is looked after, even if there is nothing to write.
        if batch.count == 0, failures == 0 { return }
        do throws(SinkFailure) {
            if try sink.prepare() { written = startOfLine(written) }
            var complaint: SinkFailure?
            while written < batch.count {
                let lines = UnsafeBufferPointer(rebasing: batch.bytes[written...])
                let progress = try sink.write(lines)
                written += progress.bytes
                let dealtWith = UnsafeBufferPointer(rebasing: lines[..<progress.bytes])
                guard note(dealtWith, rejected: progress.rejected) else { return }
                complaint = progress.complaint ?? complaint
            }
            failures = 0
            restEnd = nil
            if let complaint { standing.note(complaint) } else { standing.noteSuccess() }
        } catch {
            noteFailure(error)
        }
    }

    /// Counts the lines that end in what has been written.
    /// - Returns: false when all has been given up meanwhile.
    private func note(_ written: UnsafeBufferPointer<UInt8>, rejected: Int) -> Bool {
        let ended = written.lineCount
        guard waiting.noteWritten(ended) else { return false }
        let rejected = min(rejected, ended)
        counters.written.add(ended - rejected)
        counters.rejected.add(rejected)
        return true
    }

    private func startOfLine(_ place: Int) -> Int {
        batch.bytes[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    private func noteFailure(_ failure: SinkFailure) {
        failures += 1
        restEnd = failure.rest.map { .now() + .nanoseconds(Int($0.nanoseconds)) }
        standing.note(failure)
    }
}
