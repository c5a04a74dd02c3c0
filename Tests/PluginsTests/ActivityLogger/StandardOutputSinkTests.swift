import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("The standard output sink")
struct StandardOutputSinkTests {
    private let recorded = TestProxy()
    private let pipe = Pipe()

    private func writer(capacity: Int) -> (ActivityWriter, ActivityCounters) {
        let setup = recorded.setup(label: "activity-logger")
        let counters = ActivityCounters(setup)
        let writer = ActivityWriter(
            StandardOutputSink(descriptor: pipe.fileHandleForWriting.fileDescriptor),
            capacity: capacity, flushInterval: .milliseconds(10), log: setup.log,
            counters: counters, patience: .milliseconds(50))
        return (writer, counters)
    }

    private func append(_ text: String, to writer: ActivityWriter) {
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

    @Test("when nobody reads, requests go on, records are dropped, and stopping does not hang")
    func nobodyReads() throws {
        let (writer, counters) = writer(capacity: 100)
        try writer.start()
        // A pipe takes 64 KiB; then the writer's thread waits.
        let long = String(repeating: "x", count: 1000)
        for _ in 0..<10_000 { append(long, to: writer) }
        #expect(counters.full.value > 9000)
        #expect(writer.queued <= 100)
        writer.stop()
        #expect(
            recorded.log.events == [
                "activity records were not written: the sink does not take them"
            ])
        // Somebody reads again, so that the writer's thread can end.
        let reader = pipe.fileHandleForReading
        Thread.detachNewThread { while !reader.availableData.isEmpty {} }
        writer.flush()
        #expect(counters.written.value + counters.full.value == 10_000)
    }
}
