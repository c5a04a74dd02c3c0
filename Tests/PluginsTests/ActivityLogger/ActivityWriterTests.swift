import Glibc
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Takes a few bytes at a time, and fails each time when it has taken so many.
private final class StutteringSink: ActivitySink {
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

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int {
        guard left > 0 else {
            left = room
            mustMove = movesOn
            throw SinkFailure(operation: "write", code: ENOSPC)
        }
        let count = min(lines.count, 7, left)
        left -= count
        places[places.count - 1] += lines.prefix(count)
        return count
    }

    func reopen() {}

    func close() {}
}

@Suite("The writer of activity records")
struct ActivityWriterTests {
    private func lines(_ count: Int) -> [String] { (0..<count).map { "record number \(100 + $0)" } }

    private func write(_ records: [String], to sink: StutteringSink) throws -> ActivityCounters {
        let setup = TestProxy().setup(label: "activity-logger")
        let counters = ActivityCounters(setup)
        let writer = ActivityWriter(
            sink, capacity: 1000, flushInterval: .seconds(60), log: setup.log, counters: counters)
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
}
