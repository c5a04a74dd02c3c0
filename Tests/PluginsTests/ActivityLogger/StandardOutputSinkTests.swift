import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("The standard output sink")
struct StandardOutputSinkTests {
    private let recorded = TestProxy()
    private let pipe = Pipe()

    private func writer(capacity: Int) -> (LineWriter, LineCounters) {
        let setup = recorded.setup(label: "activity-logger")
        let counters = ActivityCounters(setup).lines
        let sink = StandardOutputSink(
            descriptor: pipe.fileHandleForWriting.fileDescriptor, patience: .milliseconds(20))
        let writer = LineWriter(
            sink, queue: LineQueue(capacity: capacity, lineCapacity: 100),
            flushInterval: .milliseconds(10), setup: setup, events: .activity, counters: counters)
        return (writer, counters)
    }

    private func append(_ text: String, to writer: LineWriter) {
        let line = writer.makeLine()
        line.appendVerbatim(text + "\n")
        writer.append(line)
    }

    @Test("writes whole lines in their order")
    func writes() throws {
        let (writer, counters) = writer(capacity: 100)
        try writer.start()
        for number in 0..<60 { append("line \(number)", to: writer) }
        writer.stop()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == (0..<60).map { "line \($0)\n" }.joined())
        #expect(counters.written.value == 60)
    }

    private func read() throws -> String {
        try pipe.fileHandleForWriting.close()
        return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    @Test("when nobody reads, requests go on, and each record is in the pipe or counted as dropped")
    func nobodyReads() throws {
        let (writer, counters) = writer(capacity: 100)
        try writer.start()
        // A pipe takes 64 KiB.
        let long = String(repeating: "x", count: 999)
        for _ in 0..<10_000 { append(long, to: writer) }
        #expect(counters.dropped > 9000)
        #expect(writer.queued <= 100)
        writer.stop()
        #expect(
            recorded.log.events == [
                "activity records cannot be written; requests go on",
                "activity records were not written before the end",
            ])
        #expect(recorded.log.lines.first?["error"] == "write: nobody reads it")
        #expect(counters.written.value + UInt64(counters.dropped) == 10_000)
        #expect(try read().split(separator: "\n").count == Int(counters.written.value))
    }

    @Test("when somebody reads again, records are written again")
    func readsAgain() async throws {
        let (writer, counters) = writer(capacity: 100)
        try writer.start()
        let long = String(repeating: "x", count: 999)
        for _ in 0..<200 { append(long, to: writer) }
        await eventually { writer.standing.isFailing }
        let text = Locked<String?>(nil)
        let reader = pipe.fileHandleForReading
        Thread.detachNewThread {
            let all = String(decoding: reader.readDataToEndOfFile(), as: UTF8.self)
            text.withLock { $0 = all }
        }
        await eventually { writer.queued == 0 }
        writer.stop()
        try pipe.fileHandleForWriting.close()
        await eventually { text.withLock { $0 != nil } }
        #expect(counters.written.value + UInt64(counters.dropped) == 200)
        #expect(
            text.withLock { $0 }?.split(separator: "\n").map(\.count)
                == Array(repeating: 999, count: Int(counters.written.value)))
        #expect(recorded.log.events.last == "activity records are written again")
    }
}
