import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("A health check", .timeLimit(.minutes(5)))
struct HealthCheckTests {
    /// An upstream of one target whose health is checked on a loop of its own.
    private final class Checked: @unchecked Sendable {
        let upstream: Upstream
        let results = Watched<[String]>([])
        private let running: RunningLoop
        private var checks: [HealthCheck] = []

        init(
            _ kind: TransportKind, _ target: Target, headers: [(HeaderName, String)] = [],
            _ change: (inout ActiveHealthConfiguration) -> Void = { _ in }
        ) throws {
            var active = ActiveHealthConfiguration(path: "/healthz")
            active.interval = .milliseconds(20)
            active.timeout = .seconds(5)
            active.unhealthyAfter = 1
            active.healthyAfter = 1
            change(&active)
            let results = results
            let log = Log(level: .debug) { _, event, fields in
                let reason = fields.first { $0.0 == "reason" }?.1
                results.change { $0.append(reason ?? event) }
            }
            upstream = Upstream(
                name: "u", number: 0, targets: [target], headers: headers,
                healthSettings: HealthConfiguration(active: active, slowStart: .zero),
                reporter: HealthReporter(log: log, metrics: nil))
            running = try RunningLoop(kind)
            try running.perform { [self] in
                checks = HealthCheck.all(of: [upstream], running.loop, running.transport)
            }
        }

        func cancel() throws {
            try running.perform { [self] in
                for check in checks { check.cancel() }
            }
        }

        func passes(_ duration: Duration) throws { try running.passes(duration) }

        func result(_ index: Int) throws -> String {
            try results.wait(for: "result \(index)") { $0.count > index }[index]
        }

        deinit {
            let checks = checks
            _ = try? running.perform { for check in checks { check.cancel() } }
        }
    }

    @Test(
        "it is a request like any other, with the upstream's fields and its own",
        arguments: TransportKind.allCases)
    func request(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let checked = try Checked(
            kind, server.target(),
            headers: [(HeaderName("x-key"), "k"), (HeaderName("x-both"), "u")]
        ) {
            $0.path = "/healthz?deep=1"
            $0.headers = [("x-both", "c"), ("x-check", "yes")]
        }
        let requests = try server.requests.wait(for: "three checks") { $0.count >= 3 }
        let request = requests[2]
        #expect(request.method == "GET" && request.target == "/healthz?deep=1")
        #expect(request["host"] == ["127.0.0.1:\(server.port)"])
        #expect(request["x-key"] == ["k"] && request["x-both"] == ["c"])
        #expect(request["x-check"] == ["yes"])
        #expect(request["user-agent"] == ["sluice-health-check"])
        #expect(server.connections.current.count == 1)
        withExtendedLifetime(checked) {}
    }

    @Test(
        "another status, half an answer and none at all are failures, and say why",
        arguments: TransportKind.allCases)
    func failures(_ kind: TransportKind) throws {
        let turn = Watched(0)
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                switch turn.change({ turn in
                    turn += 1
                    return turn
                }) {
                case 1: try connection.answer("", status: "500 Internal Server Error")
                case 3:
                    return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
                case 5: return try connection.send("nonsense\r\n\r\n")
                default: try connection.answer("hello")
                }
            }
        }
        let checked = try Checked(kind, server.target())
        #expect(try checked.result(0) == "status 500")
        // Alone as it is, it is used all the same.
        #expect(try checked.result(1).hasPrefix("no target"))
        #expect(try checked.result(2) == "upstream target passes its checks again")
        #expect(try checked.result(3).hasPrefix("a target"))
        for index in [4, 8] {
            #expect(try !checked.result(index).isEmpty)
            #expect(try checked.result(index + 2) == "upstream target passes its checks again")
        }
    }

    @Test(
        "an answer that does not come in time is a failure, and the next check is made",
        arguments: TransportKind.allCases)
    func timeout(_ kind: TransportKind) throws {
        let isFirst = Watched(true)
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                if isFirst.change({ isFirst in
                    defer { isFirst = false }
                    return isFirst
                }) {
                    _ = try connection.end()
                    return
                }
                try connection.answer("hello")
            }
        }
        let checked = try Checked(kind, server.target()) { $0.timeout = .milliseconds(500) }
        #expect(try checked.result(0) == "no whole answer within 0.5 s")
        #expect(try checked.result(2) == "upstream target passes its checks again")
        withExtendedLifetime(checked) {}
    }

    @Test(
        "a target that cannot be reached fails, and so does one that takes no connections",
        arguments: TransportKind.allCases)
    func unreachable(_ kind: TransportKind) throws {
        let closed = try ScriptedServer.reserve()
        defer { close(closed) }
        let refusing = try Checked(
            kind,
            Target(
                .tcp(isSecure: false, host: "127.0.0.1", port: ScriptedServer.port(of: closed))))
        #expect(try !refusing.result(0).isEmpty)
        let silent = try SilentListener()
        let deaf = try Checked(kind, silent.target) { $0.timeout = .milliseconds(50) }
        #expect(try deaf.result(0) == "no whole answer within 0.05 s")
    }

    @Test("cancelled, it asks no more, whatever it was at", arguments: TransportKind.allCases)
    func cancelled(_ kind: TransportKind) throws {
        let asked = Watched(false)
        let ended = Watched(false)
        let server = try ScriptedServer { connection in
            guard try connection.request() != nil else { return }
            asked.change { $0 = true }
            _ = try connection.end()
            ended.change { $0 = true }
        }
        let checked = try Checked(kind, server.target())
        try asked.wait(for: "a check") { $0 }
        try checked.cancel()
        try ended.wait(for: "its end") { $0 }
        try checked.passes(.milliseconds(100))
        #expect(server.requests.current.count == 1)
        #expect(checked.results.current == [])
    }
}
