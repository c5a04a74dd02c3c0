import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: what it tells of its target", .timeLimit(.minutes(5)))
struct TargetHealthReportTests {
    /// A way in which a request ends at its target.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let failures: Int
        let parts: [Part]
        let timeouts: [String: String]
        let act: @Sendable (RunningProxy, Watched<Bool>) throws -> Void
        let script: ScriptedServer.Script

        init(
            _ description: String, failures: Int, parts: [Part] = [.probe("a")],
            timeouts: [String: String] = [:],
            act: @escaping @Sendable (RunningProxy, Watched<Bool>) throws -> Void = { proxy, _ in
                _ = try proxy.ask()
            },
            _ script: @escaping ScriptedServer.Script
        ) {
            testDescription = description
            self.failures = failures
            self.parts = parts
            self.timeouts = timeouts
            self.act = act
            self.script = script
        }

        static func status(_ status: String, failures: Int) -> Case {
            Case("status \(status)", failures: failures) { try $0.answer("", status: status) }
        }

        static func failing(
            _ description: String, _ timeouts: [String: String] = [:],
            _ script: @escaping ScriptedServer.Script
        ) -> Case {
            Case(description, failures: 1, timeouts: timeouts, script)
        }
    }

    private static let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"

    static let cases: [Case] = [
        .status("200 OK", failures: 0), .status("404 Not Found", failures: 0),
        .status("429 Too Many Requests", failures: 0),
        .status("500 Internal Server Error", failures: 0),
        .status("502 Bad Gateway", failures: 1), .status("503 Service Unavailable", failures: 1),
        .status("504 Gateway Timeout", failures: 1),
        .failing("no answer") { _ in },
        .failing("a reset") { $0.reset() },
        .failing("what is no HTTP") { try $0.send("nonsense\r\n\r\n") },
        .failing("half an answer") { try $0.send(half) },
        .failing("a head that does not come in time", ["responseHeaders": "50ms"]) {
            _ = try $0.end()
        },
        .failing("a body that stops", ["idle": "50ms"]) {
            try $0.send(half)
            _ = try $0.end()
        },
        Case(
            "a client that leaves before the answer", failures: 0,
            act: { proxy, hasRequest in
                let client = try proxy.connect()
                try client.request()
                try hasRequest.wait(for: "the request") { $0 }
                client.close()
                try proxy.stage.completed(1)
            }
        ) { _ = try $0.end() },
        Case(
            "a client that leaves within the answer", failures: 0,
            act: { proxy, _ in
                let client = try proxy.connect()
                try client.request()
                _ = try client.head()
                client.close()
                try proxy.stage.completed(1)
            }
        ) {
            try $0.send(half)
            _ = try $0.end()
        },
        Case(
            "a client whose body is malformed", failures: 0,
            act: { proxy, hasRequest in
                let client = try proxy.connect()
                try client.request("POST /", ["Transfer-Encoding: chunked"])
                try client.send("3\r\nabc\r\n")
                try hasRequest.wait(for: "the request") { $0 }
                try client.send("nonsense\r\n")
                #expect(try client.answer().status == 400)
            }
        ) { _ = try $0.end() },
        Case(
            "a plugin that fails in the answer's head", failures: 0,
            parts: [.probe("a") { $0.responseHead = { _ in throw Mistake() } }]
        ) { try $0.answer("hello") },
        Case(
            "a plugin that changes the status", failures: 0,
            parts: [.probe("a") { $0.responseHead = { $0.response.status = 503 } }]
        ) { try $0.answer("hello") },
        Case(
            "a plugin that hides the status", failures: 1,
            parts: [.probe("a") { $0.responseHead = { $0.response.status = 200 } }]
        ) { try $0.answer("hello", status: "503 Service Unavailable") },
    ]

    private struct Mistake: Error {}

    @Test("what the target is at fault for counts, once, and nothing else does", arguments: cases)
    func counts(_ one: Case) throws {
        let hasRequest = Watched(false)
        let server = try ScriptedServer { connection in
            guard try connection.head() != nil else { return }
            hasRequest.change { $0 = true }
            try one.script(connection)
        }
        var file = ProxyFile(one.parts, to: server.port)
        file.hasAdmin = true
        file.upstreamTimeouts = one.timeouts
        let proxy = try RunningProxy(file)
        try one.act(proxy, hasRequest)
        let target = try #require(proxy.targets().first)
        #expect(target.failures == one.failures)
        #expect(target.inFlight == 0)
    }

    @Test("a target that cannot be reached has failed though another one answers")
    func unreachable() throws {
        let server = try ScriptedServer.answering()
        let closed = try ScriptedServer.reserve()
        defer { close(closed) }
        var file = ProxyFile([.probe("a")], to: server.port)
        file.otherPort = ScriptedServer.port(of: closed)
        file.hasAdmin = true
        file.health = #"{ "passive": { "consecutiveFailures": 2 } }"#
        let proxy = try RunningProxy(file)
        for _ in 0..<10 { #expect(try proxy.ask().status == 200) }
        #expect(try proxy.targets().map(\.state) == ["ejected", "up"])
        #expect(try proxy.targets().map(\.failures) == [2, 0])
        let attempts = proxy.stage.accounts.current.map(\.ending.outcome.attempts)
        #expect(attempts.reduce(0, +) == 12)
    }

    @Test("an answer that is asked for again and shown to nobody counts all the same")
    func retried() throws {
        let bad = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.answer("", status: "503 Service Unavailable")
            }
        }
        let good = try ScriptedServer.answering()
        let part = Part.probe("a") {
            $0.request = { exchange in
                exchange.retry = RetryPolicy(attempts: 2, statuses: [503])
                return .proceed
            }
        }
        var file = ProxyFile([part], to: good.port)
        file.otherPort = bad.port
        file.hasAdmin = true
        file.health = #"{ "passive": { "consecutiveFailures": 3 } }"#
        let proxy = try RunningProxy(file)
        for _ in 0..<10 { #expect(try proxy.ask().status == 200) }
        #expect(try proxy.targets().map(\.state) == ["ejected", "up"])
        #expect(bad.requests.current.count == 3)
        #expect(try proxy.targets().map(\.inFlight) == [0, 0])
    }

    @Test("an ejection is logged and counted once, with what led to it")
    func told() throws {
        let bad = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.answer("", status: "503 Service Unavailable")
            }
        }
        let good = try ScriptedServer.answering()
        var file = ProxyFile([.probe("a")], to: good.port)
        file.otherPort = bad.port
        file.workers = 3
        let proxy = try RunningProxy(file)
        for _ in 0..<30 { _ = try proxy.ask() }
        let lines = proxy.log.current.filter { $0.event == "upstream target ejected" }
        #expect(
            lines == [
                RunningProxy.LogLine(
                    level: .warning, event: "upstream target ejected",
                    fields: [
                        "upstream": "up", "target": "http://127.0.0.1:\(bad.port)", "for": "10s",
                        "reason": "5 failures in a row, the last: status 503",
                    ])
            ])
        let labels = [("upstream", "up"), ("target", "http://127.0.0.1:\(bad.port)")]
        func count(_ reason: String) -> UInt64 {
            proxy.stage.store.counter(
                "upstream_ejections_total", "", labels: labels + [("reason", reason)], decimals: 0
            ).value
        }
        #expect(count("consecutive_failures") == 1)
        #expect(count("error_share") == 0 && count("failed_trial") == 0)
    }
}
