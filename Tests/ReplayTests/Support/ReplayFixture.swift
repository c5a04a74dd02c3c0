import Foundation
import PluginAPI
import PluginTesting
import Plugins
import Testing

@testable import Proxy
@testable import Replay

/// A folder with two configurations and requests, and what `sluice replay` makes of them.
struct ReplayFixture {
    struct Outcome {
        var code: Int32 = 0
        var printed: [String] = []
        var complaints: [String] = []

        var text: String { printed.joined(separator: "\n") }

        /// What `--json` prints.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
    }

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes a configuration with one route.
    /// - Parameter plugins: the entries of its chain.
    func configure(_ name: String, _ plugins: String...) throws {
        try folder.write(
            """
            {
              "listen": "127.0.0.1:0",
              "upstreams": { "origin": { "url": "http://127.0.0.1:9" } },
              "plugins": [ \(plugins.joined(separator: ", ")) ],
              "routes": [ { "name": "all", "path": "/*", "upstream": "origin" } ]
            }
            """, to: name)
    }

    func write(_ lines: [String], to name: String = "activity.jsonl") throws {
        try folder.write(lines.map { $0 + "\n" }.joined(), to: name)
    }

    func run(_ words: String..., files: [String] = ["activity.jsonl"]) -> Outcome {
        run(files.map(folder.path) + words)
    }

    func run(_ words: [String]) -> Outcome {
        let outcome = Locked(Outcome())
        let context = CommandContext(
            registry: PluginRegistry(BuiltIn.plugins + [NameReader.self, CostReader.self]),
            environment: ["COLUMNS": "120"], commands: [ReplayCommand.self],
            output: { line in outcome.withLock { $0.printed.append(line) } },
            complaints: { line in outcome.withLock { $0.complaints.append(line) } })
        let code = Sluice.run(["replay"] + words, context)
        return outcome.withLock {
            $0.code = code
            return $0
        }
    }

    /// Tries `new.json` against `running.json`.
    func replay(files: [String] = ["activity.jsonl"]) throws -> [String: Any] {
        let outcome = run(
            "--running", folder.path("running.json"), "--config", folder.path("new.json"),
            "--json", "--list", "100000", "--top", "all", files: files)
        #expect(outcome.code == 0, "\(outcome.complaints)")
        return outcome.json
    }

    /// The requests that would be decided otherwise, by identifier.
    static func changes(_ json: [String: Any]) -> [String: String] {
        let changes = json["changes"] as? [[String: Any]] ?? []
        return Dictionary(
            changes.map { change in
                let verdict = change["would_be"] as? [String: Any] ?? [:]
                let words = ["decision", "plugin", "status", "reason"].compactMap { key in
                    verdict[key].map { "\($0)" }
                }
                return (change["request_id"] as? String ?? "?", words.joined(separator: " "))
            }, uniquingKeysWith: { $0 + ", " + $1 })
    }
}

/// A request of which a record is made.
struct Recorded {
    static let start: Int64 = 1_769_860_800_000_000

    var id: String
    /// In µs from `start` on.
    var time: Int64
    var duration: Int64 = 0
    /// The same as `duration` unless it is told.
    var upstreamDuration: Int64?
    var client = "192.0.2.1"
    var identity: String?
    var method = "GET"
    var path = "/"
    var status = 200
    var isSent = true
    var aborted: String?
    var cost: String?
    var decisions: [(plugin: String, decision: String, reason: String)] = []

    var end: Int64 { time + duration }

    var line: String {
        func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
        func written(_ time: Int64) -> String {
            "\(time / 1000).\(String(String(time % 1000 + 1000).dropFirst()))"
        }
        let milliseconds = written(duration)
        let decisions = decisions.map {
            "{\"plugin\":\"\($0.plugin)\",\"decision\":\"\($0.decision)\",\"reason\":\"\($0.reason)\"}"
        }
        return """
            {"time":"\(WallTime(microseconds: Self.start + time))","request_id":"\(id)","route":"all",\
            "client":"\(client)","peer":"\(client)","identity":\(quoted(identity)),"method":"\(method)",\
            "path":"\(path)","status":\(status),"upstream":"origin","attempts":\(isSent ? 1 : 0),\
            "duration_ms":\(milliseconds),"upstream_ms":\(isSent ? written(upstreamDuration ?? duration) : "null"),\
            "ttfb_ms":\(aborted == nil ? milliseconds : "null"),"bytes_in":0,"bytes_out":0,"stream":false,\
            "aborted":\(quoted(aborted)),"model":null,"usage":null,"cost_usd":\(quoted(cost)),\
            "cost_source":\(cost == nil ? "null" : "\"prices\""),"finish_reason":null,\
            "decisions":[\(decisions.joined(separator: ","))],"error":null}
            """
    }
}

extension [Recorded] {
    /// As activity-logger writes them: in the order of their ends.
    var lines: [String] { sorted { $0.end < $1.end }.map(\.line) }
}
