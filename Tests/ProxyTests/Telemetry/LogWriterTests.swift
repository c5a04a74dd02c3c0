import Foundation
import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("The operator's log", .timeLimit(.minutes(5)))
struct LogWriterTests {
    /// What comes out for one event.
    private func written(
        _ format: LogWriter.Format, _ level: Log.Level = .info, _ event: String,
        _ fields: [(String, String)] = [], from lowest: Log.Level = .debug
    ) throws -> String {
        let pipe = try LogPipe()
        let writer = LogWriter(descriptor: pipe.writing, format: format, time: FixedTime())
        writer.log(lowest)(level, event, fields)
        writer.flush()
        return pipe.readAll()
    }

    @Test("a line of text is time, level, event and fields")
    func text() throws {
        #expect(
            try written(.text, .info, "listening", [("address", "127.0.0.1:80"), ("n", "2")])
                == "2026-01-31T12:00:00.000001Z INFO    listening address=127.0.0.1:80 n=2\n")
        #expect(
            try written(.text, .warning, "upstream failed")
                == "2026-01-31T12:00:00.000001Z WARNING upstream failed\n")
    }

    @Test("a line of JSON is an object")
    func json() throws {
        #expect(
            try written(.json, .error, "a \"b\"", [("k", "v\n"), ("x y", "\u{E9}\\")])
                == #"{"time":"2026-01-31T12:00:00.000001Z","level":"error","event":"a \"b\"","k":"v\n","x y":"é\\"}"#
                + "\n")
    }

    @Test(
        "a value that could be misread stands in quotes",
        arguments: [
            ("", #""""#), ("a b", #""a b""#), ("a=b", #""a=b""#), ("a\"b", #""a\"b""#),
            ("a\tb", #""a\tb""#), ("\u{E9}", "\"\u{E9}\""), ("a\\b", #"a\b"#), ("plain", "plain"),
        ])
    func quoting(_ value: String, _ shown: String) throws {
        let line = try written(.text, .info, "e", [("k", value)])
        #expect(line.hasSuffix(" e k=\(shown)\n"))
    }

    /// What someone outside may have put into it.
    static let hostile = [
        "a\nb", "a\r\nb", "a\rb", "\u{1B}[31mred", "\u{0}", "\u{7F}", "\n\u{301}", "\u{85}",
        "\u{2028}",
        "2026-01-31T12:00:00.000001Z ERROR forged\n",
    ]

    @Test(
        "whatever is in an event or a value, it makes one line and moves no cursor",
        arguments: hostile)
    func oneLine(_ text: String) throws {
        for format in LogWriter.Format.allCases {
            for line in [
                try written(format, .info, text), try written(format, .info, "e", [("k", text)]),
            ] {
                let bytes = Array(line.utf8)
                #expect(bytes.last == 0x0A && bytes.count { $0 == 0x0A } == 1, "\(format)")
                #expect(
                    bytes.dropLast().allSatisfy { $0 >= 0x20 }, "\(format)")
            }
        }
    }

    @Test("JSON lines are JSON, and hold what they were given", arguments: hostile)
    func validJSON(_ text: String) throws {
        let line = try written(.json, .info, text, [("k", text)])
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        #expect(
            object as? [String: String] == [
                "time": "2026-01-31T12:00:00.000001Z", "level": "info", "event": text, "k": text,
            ])
    }

    @Test("what is below the level is not written")
    func levels() throws {
        for lowest in Log.Level.allCases {
            for level in Log.Level.allCases {
                let line = try written(.text, level, "e", from: lowest)
                #expect(line.isEmpty == (level < lowest))
            }
        }
    }

    @Test("lines of several threads come whole")
    func threads() throws {
        let pipe = try LogPipe()
        let writer = LogWriter(descriptor: pipe.writing, format: .text, time: FixedTime())
        let log = writer.log(.info)
        let done = Watched(0)
        for thread in 0..<4 {
            Thread.detachNewThread {
                for number in 0..<250 { log(.info, "e", [("id", "\(thread).\(number)")]) }
                done.change { $0 += 1 }
            }
        }
        try done.wait(for: "all lines") { $0 == 4 }
        writer.flush()
        let ids = pipe.readAll().split(separator: "\n").map { $0.split(separator: "=").last! }
        #expect(ids.count == 1000 && Set(ids).count == 1000)
        for thread in 0..<4 {
            let numbers = ids.filter { $0.hasPrefix("\(thread).") }.map { Int($0.dropFirst(2))! }
            #expect(numbers == Array(0..<250))
        }
    }

    @Test(
        "a reader that does not read holds nobody up, and is told how many lines it lost",
        arguments: LogWriter.Format.allCases)
    func lost(_ format: LogWriter.Format) throws {
        let pipe = try LogPipe()
        let writer = LogWriter(descriptor: pipe.writing, format: format, time: FixedTime())
        let log = writer.log(.info)
        let filler = String(repeating: "x", count: 1000)
        // Twice what may wait; nobody reads until all is said.
        let count = 2500
        let began = ContinuousClock.now
        for number in 0..<count { log(.info, "e", [("n", "\(number)"), ("filler", filler)]) }
        #expect(ContinuousClock.now - began < .seconds(5))
        let text = Watched<String?>(nil)
        Thread.detachNewThread {
            let read = pipe.readAll(until: "were lost")
            text.change { $0 = read }
        }
        writer.flush()
        let lines = try text.wait(for: "the rest") { $0 != nil }!.split(separator: "\n")
        let note = try #require(lines.first { $0.contains("were lost") })
        let lost = try #require(Int(note.split { !$0.isNumber }.last ?? ""))
        #expect(lost > 0 && lines.count - 1 + lost == count)
        #expect(note.contains("because stderr was not read"))
        #expect(format == .json ? note.contains(#""level":"warning""#) : note.contains("WARNING"))
        // It goes on as before.
        log(.info, "after")
        writer.flush()
        #expect(pipe.readAll().contains("after"))
    }

    @Test("a reader that has gone does not end the process")
    func gone() throws {
        // As the process does at its start; otherwise a signal would end it.
        signal(SIGPIPE, SIG_IGN)
        let pipe = try LogPipe()
        pipe.closeReading()
        let writer = LogWriter(descriptor: pipe.writing, format: .text, time: FixedTime())
        writer.log(.info)(.info, "nobody hears this")
        writer.flush()
    }
}

private struct FixedTime: TimeSource {
    var monotonic: MonotonicTime { MonotonicTime(nanoseconds: 0) }
    var wall: WallTime { WallTime(microseconds: 1_769_860_800_000_001) }
}

/// A pipe in the place of stderr.
private final class LogPipe: @unchecked Sendable {
    let writing: Int32
    private var reading: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure("pipe: \(errno)") }
        (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(writing)
        closeReading()
    }

    func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    /// What is there now; with a text to wait for, what comes until it is there with its line.
    func readAll(until wanted: String? = nil) -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(reading, &part, part.count)
            if count > 0 {
                bytes += part[..<count]
                continue
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let wanted, !(text.hasSuffix("\n") && text.contains(wanted)) else { return text }
            var readable = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            guard poll(&readable, 1, 10_000) > 0 else { return text }
        }
    }
}
