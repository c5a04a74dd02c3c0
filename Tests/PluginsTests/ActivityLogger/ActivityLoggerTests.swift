import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("activity-logger")
struct ActivityLoggerTests {
    private let folder: TemporaryFolder
    private let proxy: TestProxy

    init() throws {
        folder = try TemporaryFolder()
        proxy = TestProxy(folder: folder.path)
    }

    private func started(_ config: String) throws -> ActivityLogger {
        let logger = try proxy.add(ActivityLogger.self, config)
        try logger.start()
        return logger
    }

    private func send(_ path: String) async throws {
        _ = try await proxy.send("GET", path)
    }

    /// The paths of the records in a file.
    private func paths(_ file: String = "activity.jsonl") throws -> [String] {
        let text = try folder.read(file)
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require((object as? [String: Any])?["path"] as? String)
        }
    }

    private func dropped(_ reason: String) -> Double? {
        proxy.metrics["activity_dropped_total", ["plugin": "activity-logger", "reason": reason]]
    }

    // MARK: Writing

    @Test("one record per request, in the order in which they ended, when it stops")
    func writesAtTheEnd() async throws {
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        for number in 0..<50 { try await send("/\(number)") }
        logger.stop()
        #expect(try paths() == (0..<50).map { "/\($0)" })
        #expect(proxy.metrics["activity_records_total"] == 50)
        #expect(proxy.metrics["activity_queued"] == 0)
    }

    @Test("records are written after the flush interval without being asked for")
    func writesByItself() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "flushInterval": "10ms" }"#)
        for number in 1...3 {
            try await send("/\(number)")
            let deadline = ContinuousClock.now + .seconds(20)
            while try paths().count < number, ContinuousClock.now < deadline { await Task.yield() }
            #expect(try paths().count == number)
        }
        logger.stop()
    }

    @Test("a file that is there already is added to")
    func appends() async throws {
        try folder.write(#"{"path":"/old"}"# + "\n", to: "activity.jsonl")
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        try await send("/new")
        logger.stop()
        #expect(try paths() == ["/old", "/new"])
    }

    @Test("a record does not continue the half line that a killed process left")
    func halfLine() async throws {
        try folder.write(#"{"path":"/ha"#, to: "activity.jsonl")
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        try await send("/new")
        logger.stop()
        let lines = try folder.read("activity.jsonl").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == #"{"path":"/ha"#)
        #expect(lines.last?.contains(#""path":"/new""#) == true)
    }

    @Test("nobody but the owner and the group may read the file")
    func permissions() throws {
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        logger.stop()
        let attributes = try FileManager.default.attributesOfItem(
            atPath: folder.path("activity.jsonl"))
        let mode = try #require(attributes[.posixPermissions] as? Int)
        #expect(mode & 0o007 == 0)
    }

    @Test("records of several threads are all there, each whole")
    func threads() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "queue": 100000 }"#)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        logger.completed(TestRequest("GET", "/\(thread)-\(number)").exchange())
                    }
                }
            }
        }
        logger.stop()
        let expected = (0..<8).flatMap { thread in (0..<500).map { "/\(thread)-\($0)" } }
        #expect(try paths().sorted() == expected.sorted())
    }

    // MARK: Standing still

    @Test("what finds no place in the queue is dropped and counted")
    func bounded() async throws {
        // A sink that fails keeps what it has been given; the queue behind it fills up.
        let logger = try started(#"{ "file": "/dev/full", "queue": 10 }"#)
        for number in 0..<100 { try await send("/\(number)") }
        logger.flush()
        let kept = proxy.metrics["activity_queued"] ?? 0
        #expect(kept <= 10)
        logger.stop()
        let lost = (dropped("queue_full") ?? 0) + (dropped("write_failed") ?? 0)
        #expect(lost == 100)
        #expect(proxy.metrics["activity_records_total"] == 0)
    }

    @Test(
        "a full disk is logged once when it begins and once when it ends, and nothing queued is lost"
    )
    func fullDisk() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("activity.jsonl"), withDestinationPath: "/dev/full")
        let logger = try started(#"{ "file": "activity.jsonl", "flushInterval": "60s" }"#)
        for number in 0..<3 {
            try await send("/\(number)")
            logger.flush()
        }
        #expect(proxy.log.events == ["activity records cannot be written; requests go on"])
        #expect(proxy.log.lines.first?.level == .warning)
        #expect(proxy.log.lines.first?["error"] == "write: No space left on device")

        try FileManager.default.removeItem(atPath: folder.path("activity.jsonl"))
        logger.flush()
        #expect(proxy.log.events.last == "activity records are written again")
        #expect(proxy.log.lines.last?.level == .info)
        logger.flush()
        #expect(try paths() == ["/0", "/1", "/2"])
        #expect(proxy.log.lines.count == 2)
        logger.stop()
        #expect(dropped("write_failed") == 0)
    }

    @Test("a sink that fails until the end is given up, and what was queued is counted")
    func failsToTheEnd() async throws {
        let logger = try started(#"{ "file": "/dev/full" }"#)
        for number in 0..<5 { try await send("/\(number)") }
        logger.stop()
        #expect(dropped("write_failed") == 5)
        #expect(proxy.log.events.last == "activity records were not written before the end")
        #expect(proxy.log.lines.last?["records"] == "5")
    }

    @Test("a file that cannot be opened refuses the configuration, and says why")
    func unopenable() throws {
        let logger = try proxy.add(ActivityLogger.self, #"{ "file": "none/activity.jsonl" }"#)
        let error = #expect(throws: (any Error).self) { try logger.start() }
        #expect(
            "\(try #require(error))" == """
                cannot append activity records to "\(folder.path)/none/activity.jsonl": open: No \
                such file or directory; expected a file that this user may create and write, in a \
                folder that is there
                """)
    }

    @Test("a folder that goes while requests run costs records, not requests, until it is back")
    func folderGoes() async throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("logs"), withIntermediateDirectories: false)
        let logger = try started(#"{ "file": "logs/activity.jsonl" }"#)
        try FileManager.default.removeItem(atPath: folder.path("logs"))
        try await send("/1")
        logger.flush()
        #expect(proxy.log.lines.last?["error"] == "open: No such file or directory")
        try FileManager.default.createDirectory(
            atPath: folder.path("logs"), withIntermediateDirectories: false)
        logger.flush()
        #expect(try paths("logs/activity.jsonl") == ["/1"])
        logger.stop()
    }

    // MARK: Reopening and rotation

    @Test("after the file has been renamed, reopening begins a new one")
    func reopens() async throws {
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        try await send("/1")
        logger.flush()
        try FileManager.default.moveItem(
            atPath: folder.path("activity.jsonl"), toPath: folder.path("moved"))
        logger.reopen()
        try await send("/2")
        logger.stop()
        #expect(try paths("moved") == ["/1"])
        #expect(try paths() == ["/2"])
    }

    @Test("a file that somebody renamed or deleted without a signal is begun anew all the same")
    func noticesRename() async throws {
        let logger = try started(#"{ "file": "activity.jsonl" }"#)
        try FileManager.default.removeItem(atPath: folder.path("activity.jsonl"))
        try await send("/1")
        logger.stop()
        #expect(try paths() == ["/1"])
    }

    @Test("no file becomes larger than its size, and no record is lost or cut")
    func rotatesBySize() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "rotate": { "size": "2KiB" } }"#)
        for number in 0..<40 {
            try await send("/\(number)")
            if number % 7 == 0 { logger.flush() }
        }
        logger.stop()
        let names = folder.names
        #expect(names.count > 5)
        #expect(names.allSatisfy { $0.hasPrefix("activity.jsonl") })
        for name in names { #expect(try folder.read(name).utf8.count <= 2048) }
        let ended = names.dropFirst()
        #expect(ended.first == "activity.jsonl.20260101T000000Z")
        #expect(ended.dropFirst().first == "activity.jsonl.20260101T000000Z-001")
        #expect(
            try ended.flatMap { try paths($0) } + paths() == (0..<40).map { "/\($0)" })
    }

    @Test("a record larger than the size of a file has one of its own")
    func largeRecord() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "rotate": { "size": "1KiB" } }"#)
        let long = "/" + String(repeating: "x", count: 3000)
        for path in ["/1", long, "/2"] { try await send(path) }
        logger.stop()
        #expect(folder.names.count == 3)
        #expect(try paths("activity.jsonl.20260101T000000Z-001") == [long])
        #expect(try paths() == ["/2"])
    }

    @Test("a file is ended when its first record is older than the age, also after a restart")
    func rotatesByAge() async throws {
        let config = #"{ "file": "activity.jsonl", "rotate": { "age": "24h" } }"#
        let first = try started(config)
        try await send("/1")
        first.stop()

        let restarted = TestProxy(folder: folder.path)
        let second = try restarted.add(ActivityLogger.self, config)
        try second.start()
        restarted.time.advance(by: .seconds(86_399))
        _ = try await restarted.send("GET", "/2")
        second.flush()
        #expect(try paths() == ["/1", "/2"])
        restarted.time.advance(by: .seconds(1))
        _ = try await restarted.send("GET", "/3")
        second.stop()
        #expect(try paths("activity.jsonl.20260102T000000Z") == ["/1", "/2"])
        #expect(try paths() == ["/3"])
    }

    @Test("only so many ended files are kept, and nothing else is deleted")
    func keeps() async throws {
        let others = [
            "activity.jsonl.old", "activity.jsonl.20250101T000000", "other.20250101T000000Z",
            "activity.jsonl.20250101T000000Z.gz",
        ]
        for name in others + ["activity.jsonl.20250101T000000Z"] { try folder.write("", to: name) }
        let logger = try started(
            #"{ "file": "activity.jsonl", "rotate": { "age": "1h", "keep": 2 } }"#)
        for number in 0..<5 {
            try await send("/\(number)")
            logger.flush()
            proxy.time.advance(by: .seconds(3600))
        }
        logger.stop()
        #expect(
            folder.names
                == (others + [
                    "activity.jsonl", "activity.jsonl.20260101T030000Z",
                    "activity.jsonl.20260101T040000Z",
                ]).sorted())
    }

    @Test("two instances, as during a reload, write to one file without losing a record")
    func reload() async throws {
        let config = #"{ "file": "activity.jsonl", "rotate": { "size": "4KiB" } }"#
        let old = try ActivityLogger(configuration(config), proxy.setup(label: "old"))
        let new = try ActivityLogger(configuration(config), proxy.setup(label: "new"))
        try old.start()
        try new.start()
        for number in 0..<40 {
            let logger = number % 2 == 0 ? old : new
            logger.completed(TestRequest("GET", "/\(number)").exchange())
            logger.flush()
        }
        old.stop()
        new.stop()
        let found = try folder.names.flatMap { try paths($0) }
        #expect(Set(found) == Set((0..<40).map { "/\($0)" }))
        #expect(found.count == 40)
    }

    private func configuration(_ config: String) throws -> ActivityLogger.Configuration {
        var configuration = ActivityLogger.Configuration()
        configuration.file = "activity.jsonl"
        configuration.rotate.size = .kibibytes(4)
        return configuration
    }

    // MARK: Sampling

    @Test("a sample keeps its share of what went well, and everything that did not")
    func samples() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "sample": 0.25 }"#)
        for number in 0..<2000 { try await send("/fine-\(number)") }
        proxy.upstream = UpstreamAnswer(500)
        for number in 0..<20 { try await send("/error-\(number)") }
        proxy.upstream = UpstreamAnswer(body: ["a"], ending: .clientLeaves)
        for number in 0..<20 { try await send("/left-\(number)") }
        logger.stop()
        let paths = try paths()
        let fine = paths.filter { $0.hasPrefix("/fine") }.count
        #expect((400...600).contains(fine))
        #expect(paths.filter { $0.hasPrefix("/error") }.count == 20)
        #expect(paths.filter { $0.hasPrefix("/left") }.count == 20)
        #expect(proxy.metrics["activity_sampled_out_total"] == Double(2000 - fine))
    }

    @Test("a sample of 0 keeps refusals only")
    func samplesNothing() async throws {
        let logger = try started(#"{ "file": "activity.jsonl", "sample": 0 }"#)
        for number in 0..<50 { try await send("/\(number)") }
        proxy.upstream = .unreachable
        try await send("/unreachable")
        logger.stop()
        #expect(try paths() == ["/unreachable"])
    }

    // MARK: Configuration

    @Test("errors say what is missing or does not go together")
    func errors() {
        func error(_ config: String) -> String? {
            do {
                try TestProxy().add(ActivityLogger.self, config)
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(
            error("{}")
                == #"1:1: file: expected the path of a file, found none; or write "sink": "stdout""#
        )
        #expect(
            error(#"{ "sink": "stdout", "file": "a" }"#)
                == #"1:29: file: a file needs "sink": "file", and "sink" is "stdout""#)
        #expect(
            error(#"{ "file": "a", "rotate": { "keep": 3 } }"#)
                == "1:36: rotate.keep: keep does nothing without size or age; add one of them")
        #expect(
            error(#"{ "file": "a", "sample": 1.5 }"#)
                == "1:26: sample: expected a number from 0 to 1, found 1.5")
        #expect(error(#"{ "sink": "stdout" }"#) == nil)
        #expect(
            error(#"{ "file": "a", "stream": "s", "maxLength": 5 }"#) == """
                1:26: stream: a stream needs "sink": "redis", and "sink" is "file"
                1:44: maxLength: a stream's length needs "sink": "redis", and "sink" is "file"
                """)
        #expect(
            error(#"{ "sink": "stdout", "rotate": { "age": "1h" } }"#)
                == #"1:31: rotate: rotation needs "sink": "file", and "sink" is "stdout""#)
        #expect(
            error(#"{ "sink": "redis" }"#)
                == #"1:11: sink: "redis" needs a Redis, and the file names none: add "state": { "redis": "redis://127.0.0.1:6379/0" } beside "plugins""#
        )
        #expect(
            error(#"{ "file": "a", "bodies": { "limit": "1KiB" } }"#)
                == #"1:37: bodies.limit: limit does nothing without "request": true or "response": true"#
        )
    }
}
