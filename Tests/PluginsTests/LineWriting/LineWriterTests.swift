import Glibc
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Takes a few bytes at a time, and fails each time when it has taken so many.
private final class StutteringSink: LineSink {
    let name = "stuttering"
    /// What has been written, place by place.
    private(set) var places: [[UInt8]] = [[]]
    private let room: Int
    private var left: Int
    private var mustMove = false
    private let movesOn: Bool

    /// - Parameter movesOn: whether it goes on in another place after a failure.
    init(room: Int, movesOn: Bool) {
        self.room = room
        self.movesOn = movesOn
        left = room
    }

    func prepare() -> Bool {
        defer { mustMove = false }
        if mustMove { places.append([]) }
        return mustMove
    }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
        guard left > 0 else {
            left = room
            mustMove = movesOn
            throw SinkFailure(operation: "write", code: ENOSPC)
        }
        let count = min(lines.count, 7, left)
        left -= count
        places[places.count - 1] += lines.prefix(count)
        return SinkProgress(bytes: count)
    }

    func close() {}
}

/// Fails until told otherwise, as a server does that is away.
private final class AwaySink: LineSink, @unchecked Sendable {
    let name = "away"
    let isRemote = true
    let isBack = Locked(false)
    let attempts = Locked(0)

    func prepare() throws(SinkFailure) -> Bool {
        attempts.withLock { $0 += 1 }
        guard isBack.withLock({ $0 }) else { throw SinkFailure("no server", isPassing: true) }
        return false
    }

    func write(_ lines: UnsafeBufferPointer<UInt8>) -> SinkProgress {
        SinkProgress(bytes: lines.count)
    }

    func close() {}
}

@Suite("The writer of lines")
struct LineWriterTests {
    private let proxy = TestProxy()

    private func lines(_ count: Int) -> [String] { (0..<count).map { "record number \(100 + $0)" } }

    private func write(_ records: [String], to sink: StutteringSink) throws -> LineCounters {
        let setup = proxy.setup(label: "activity-logger")
        let counters = ActivityCounters(setup).lines
        let writer = LineWriter(
            sink, queue: LineQueue(capacity: 1000, lineCapacity: 100),
            flushInterval: .seconds(60), setup: setup, events: .activity, counters: counters)
        try writer.start()
        for record in records {
            let line = writer.makeLine()
            line.appendVerbatim(record + "\n")
            writer.append(line)
        }
        var turns = 0
        while counters.written.value < records.count, turns < 1000 {
            writer.flush()
            turns += 1
        }
        writer.stop()
        return counters
    }

    @Test("a batch that is taken in pieces, with failures between them, arrives whole")
    func pieces() throws {
        let sink = StutteringSink(room: 50, movesOn: false)
        let counters = try write(lines(40), to: sink)
        #expect(
            String(decoding: sink.places.joined(), as: UTF8.self) == lines(40).joined(
                separator: "\n") + "\n")
        #expect(counters.written.value == 40)
        #expect(counters.failed.value == 0)
    }

    @Test("a line that was cut by a failure is written again where the sink goes on")
    func movesOn() throws {
        let sink = StutteringSink(room: 50, movesOn: true)
        _ = try write(lines(40), to: sink)
        #expect(sink.places.count > 5)
        // What a failure cut stands at the end of the place before, and whole in the next one.
        let whole = sink.places.flatMap { place in
            String(decoding: place, as: UTF8.self).split(separator: "\n").map(String.init)
                .filter(lines(40).contains)
        }
        #expect(whole == lines(40))
        for place in sink.places {
            #expect(String(decoding: place, as: UTF8.self).hasPrefix("record"))
        }
    }

    private func writer(_ sink: any LineSink, capacity: Int, flushInterval: Duration)
        -> (LineWriter, LineCounters)
    {
        let setup = proxy.setup(label: "activity-logger")
        let counters = ActivityCounters(setup).lines
        let writer = LineWriter(
            sink, queue: LineQueue(capacity: capacity, lineCapacity: 100),
            flushInterval: flushInterval, setup: setup, events: .activity, counters: counters)
        return (writer, counters)
    }

    private func append(_ count: Int, to writer: LineWriter) {
        for text in lines(count) {
            let line = writer.makeLine()
            line.appendVerbatim(text + "\n")
            writer.append(line)
        }
    }

    @Test(
        "what a failing sink took before it failed counts as written, and only the rest as dropped")
    func partOfBatch() throws {
        // Two lines and a bit.
        let sink = StutteringSink(room: 50, movesOn: false)
        let (writer, counters) = writer(sink, capacity: 1000, flushInterval: .seconds(60))
        try writer.start()
        append(10, to: writer)
        writer.stop()
        #expect(counters.written.value == 2)
        #expect(counters.failed.value == 8)
        #expect(writer.queued == 0)
        #expect(proxy.log.lines.last?["records"] == "8")
    }

    @Test("a record that comes after the end is counted as dropped")
    func afterTheEnd() throws {
        let sink = StutteringSink(room: 1000, movesOn: false)
        let (writer, counters) = writer(sink, capacity: 10, flushInterval: .seconds(60))
        try writer.start()
        append(3, to: writer)
        writer.stop()
        append(2, to: writer)
        #expect(counters.written.value == 3)
        #expect(counters.dropped == 2)
        #expect(writer.queued == 0)
    }

    @Test("records that are being written take room in the queue until they are")
    func bounded() throws {
        let sink = AwaySink()
        let (writer, counters) = writer(sink, capacity: 10, flushInterval: .seconds(60))
        try writer.start()
        writer.flush()
        append(30, to: writer)
        writer.flush()
        append(30, to: writer)
        #expect(writer.queued == 10)
        #expect(counters.failed.value == 50)
        #expect(counters.full.value == 0)
        sink.isBack.withLock { $0 = true }
        writer.flush()
        #expect(counters.written.value == 10)
        writer.stop()
        #expect(counters.dropped == 50)
    }

    @Test(
        "a sink elsewhere that is away at the start is no reason not to start, and is found again without a record"
    )
    func awayAtStart() async throws {
        let sink = AwaySink()
        let (writer, _) = writer(sink, capacity: 10, flushInterval: .milliseconds(10))
        try writer.start()
        writer.flush()
        #expect(writer.standing.isFailing)
        #expect(writer.standing.failingSince == proxy.time.wall)
        #expect(proxy.log.events == ["activity records cannot be written; requests go on"])
        #expect(proxy.log.lines.last?["error"] == "no server")
        sink.isBack.withLock { $0 = true }
        await eventually { !writer.standing.isFailing }
        #expect(writer.standing.lastError == "no server")
        #expect(proxy.log.events.last == "activity records are written again")
        #expect(proxy.log.lines.count == 2)
        writer.stop()
    }

    @Test("what is told at an outage's end is what that outage has cost")
    func dropped() throws {
        let sink = AwaySink()
        let (writer, _) = writer(sink, capacity: 10, flushInterval: .seconds(60))
        try writer.start()
        for lost in [5, 7] {
            sink.isBack.withLock { $0 = false }
            append(1, to: writer)
            writer.flush()
            append(9 + lost, to: writer)
            sink.isBack.withLock { $0 = true }
            writer.flush()
            #expect(proxy.log.lines.last?["dropped"] == "\(lost)")
        }
        writer.stop()
    }

    @Test("lines that belong together are queued together, or none of them is")
    func together() throws {
        let queue = LineQueue(capacity: 5, lineCapacity: 100)
        func append(_ count: Int) -> LineQueue.Admission {
            let lines = queue.makeLine()
            for text in self.lines(count) { lines.appendVerbatim(text + "\n") }
            return queue.append(lines, count: count)
        }
        #expect(append(2) == .queuedFirst)
        #expect(append(2) == .queuedUrgent)
        #expect(append(2) == .refused)
        #expect(append(1) == .queued)
        #expect(queue.count == 5)
        let batch = queue.take(JSONBuffer(capacity: 1))
        #expect(batch.bytes.lineCount == 5)
        // More than there is ever room for goes alone.
        #expect(queue.noteWritten(5))
        #expect(append(9) != .refused)
        #expect(append(1) == .refused)
    }

    /// Takes a line at a time, and will not have some.
    private final class ChoosySink: LineSink {
        let name = "choosy"
        let isRemote = true
        var rest: Duration?
        var writes = 0

        func prepare() -> Bool { false }

        func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
            writes += 1
            if let rest {
                var failure = SinkFailure("busy", isPassing: true)
                failure.rest = rest
                throw failure
            }
            let end = lines.lineEnd()! + 1
            let text = String(decoding: lines[..<end], as: UTF8.self)
            guard text.contains("3") else { return SinkProgress(bytes: end) }
            return SinkProgress(
                bytes: end, rejected: 1, complaint: SinkFailure("no threes", isPassing: true))
        }

        func close() {}
    }

    @Test("what a sink will not have is counted, told once, and not tried again")
    func rejected() throws {
        let sink = ChoosySink()
        let (writer, counters) = writer(sink, capacity: 100, flushInterval: .seconds(60))
        try writer.start()
        append(10, to: writer)
        writer.flush()
        #expect(counters.written.value == 9)
        #expect(counters.rejected.value == 1)
        #expect(writer.queued == 0)
        #expect(writer.standing.lastError == "no threes")
        #expect(proxy.log.lines.count == 1)
        append(2, to: writer)
        writer.flush()
        #expect(!writer.standing.isFailing)
        #expect(proxy.log.lines.last?["dropped"] == "0")
        writer.stop()
    }

    @Test("who asks to be left alone is left alone, also at the end")
    func rest() throws {
        let sink = ChoosySink()
        sink.rest = .seconds(3600)
        let (writer, counters) = writer(sink, capacity: 100, flushInterval: .seconds(60))
        try writer.start()
        append(5, to: writer)
        for _ in 0..<3 { writer.flush() }
        writer.stop()
        #expect(sink.writes == 1)
        #expect(counters.failed.value == 5)
    }
}
