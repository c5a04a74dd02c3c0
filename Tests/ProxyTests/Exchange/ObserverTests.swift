import Glibc
import PluginAPI
import Testing

@testable import Proxy

/// Puts on record what it is told, and numbers the attempts for the upstream.
private final class RecordingObserver: ExchangeObserver {
    struct Event: Sendable, Equatable {
        var plugin: String?
        var phase: Phase?
        var target: AttemptTarget?
        var result: AttemptResult?
    }

    private let events: Watched<[Event]>
    private var attempts = 0

    init(_ events: Watched<[Event]>) { self.events = events }

    func hookEnded(_ exchange: Exchange, _ plugin: String, _ phase: Phase, nanoseconds: Int64) {
        #expect(nanoseconds >= 0)
        events.change { $0.append(Event(plugin: plugin, phase: phase)) }
    }

    func attemptBegins(_ exchange: Exchange, to target: AttemptTarget) {
        attempts += 1
        exchange.request.headers.set("x-attempt", to: "\(attempts)")
        events.change { $0.append(Event(target: target)) }
    }

    func attemptEnded(_ exchange: Exchange, _ result: AttemptResult) {
        events.change { $0.append(Event(result: result)) }
    }
}

@Suite("An exchange: who watches it", .timeLimit(.minutes(5)))
struct ObserverTests {
    private let events = Watched<[RecordingObserver.Event]>([])

    /// Watches requests, unless they are for another path.
    private func watcher(_ retry: RetryPolicy? = nil) -> Part {
        .probe("watcher") { [events] in
            $0.request = { exchange in
                exchange.retry = retry
                if exchange.request.path != "/unwatched" {
                    exchange.observer = RecordingObserver(events)
                }
                return .proceed
            }
        }
    }

    /// The plugins whose hooks were told of in a phase, in the order of the first time.
    private func hooks(_ phase: Phase) -> [String] {
        events.current.filter { $0.phase == phase }.compactMap(\.plugin)
            .reduce(into: []) { known, plugin in
                if !known.contains(plugin) { known.append(plugin) }
            }
    }

    private var targets: [AttemptTarget] { events.current.compactMap(\.target) }
    private var results: [AttemptResult] { events.current.compactMap(\.result) }

    private func local(_ port: UInt16) -> AttemptTarget {
        AttemptTarget(host: "127.0.0.1", port: Int(port), isSecure: false)
    }

    @Test("it learns of hooks as they end, from that of the plugin on that set it")
    func hooks() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(
            ProxyFile(
                [
                    .probe("first"), watcher(),
                    .waiting("waits") {
                        $0.asynchronous = { _ in
                            await Task.yield()
                            return .proceed
                        }
                    }, .counting("counts", limit: 5), .whole("whole"),
                ], to: server.port))
        #expect(try proxy.connect().ask("POST /", [], "the body").status == 200)
        try proxy.drain()
        #expect(hooks(.request) == ["watcher", "waits", "counts", "whole"])
        #expect(hooks(.requestBody) == ["first", "watcher", "waits", "whole"])
        #expect(hooks(.responseHead) == ["whole", "counts", "waits", "watcher", "first"])
        #expect(hooks(.responseBody) == ["whole", "waits", "watcher", "first"])
        #expect(hooks(.completed) == ["whole", "counts", "waits", "watcher", "first"])
        #expect(targets == [local(server.port)])
        #expect(results == [AttemptResult(status: 200)])
    }

    @Test("it learns of hooks that Redis decides for")
    func sharedState() throws {
        let redis = try RedisServer()
        let server = try ScriptedServer.answering()
        var file = ProxyFile([watcher(), .counting("counts", limit: 1)], to: server.port)
        file.redis = redis.port
        let proxy = try RunningProxy(file)
        #expect(try proxy.ask().status == 200)
        try proxy.drain()
        let told = events.current.filter { $0.plugin == "counts" && $0.phase == .request }
        // When it has asked, and when it has decided.
        #expect(told.count == 2)
    }

    @Test("each attempt begins and ends once, and what is set before it goes out with it")
    func attempts() throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                let status = connection.number == 0 ? "503 Service Unavailable" : "200 OK"
                try connection.answer("", status: status)
                if connection.number == 0 { return }
            }
        }
        let proxy = try RunningProxy(
            ProxyFile([watcher(RetryPolicy(attempts: 3, statuses: [503]))], to: server.port))
        #expect(try proxy.connect().ask("POST /", [], "the body").status == 200)
        #expect(targets == [local(server.port), local(server.port)])
        #expect(results == [AttemptResult(status: 503), AttemptResult(status: 200)])
        #expect(server.requests.current.map { $0["x-attempt"] } == [["1"], ["2"]])
        let kinds = events.current.filter { $0.phase == nil }.map { $0.target != nil }
        #expect(kinds == [true, false, true, false])
    }

    @Test("it is told why an attempt has failed")
    func failures() throws {
        let breaking: ScriptedServer.Script = { connection in
            _ = try connection.request()
            connection.reset()
        }
        let silent: ScriptedServer.Script = { connection in
            _ = try connection.request()
            _ = try connection.end()
        }
        let half: ScriptedServer.Script = { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        }
        for (script, status, failure): (_, Int?, AttemptResult.Failure) in [
            (breaking, nil, .broken), (silent, nil, .timeout), (half, 200, .broken),
        ] {
            events.change { $0 = [] }
            let server = try ScriptedServer(script)
            var file = ProxyFile([watcher()], to: server.port)
            file.upstreamTimeouts = ["responseHeaders": "50ms"]
            let proxy = try RunningProxy(file)
            _ = try? proxy.ask()
            _ = try proxy.stage.account()
            #expect(results.map(\.status) == [status])
            #expect(results.map(\.failure) == [failure])
            #expect(results.first?.detail?.isEmpty == false)
        }
    }

    @Test("an attempt to connect that is refused is one, and the next target's is another")
    func unreachable() throws {
        let server = try ScriptedServer.answering()
        let refusing = try ScriptedServer.reserve()
        defer { close(refusing) }
        var file = ProxyFile([watcher()], to: server.port)
        file.otherPort = ScriptedServer.port(of: refusing)
        let proxy = try RunningProxy(file)
        #expect(try proxy.ask().status == 200)
        #expect(targets == [local(file.otherPort!), local(server.port)])
        #expect(results.map(\.failure) == [.unreachable, nil])
        #expect(results.map(\.status) == [nil, 200])
    }

    @Test("a client that leaves ends the attempt without a failure")
    func clientLeaves() throws {
        let isThere = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            isThere.change { $0 = true }
            _ = try connection.end()
        }
        let proxy = try RunningProxy(ProxyFile([watcher()], to: server.port))
        do {
            let client = try proxy.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try isThere.wait(for: "half an answer") { $0 }
        }
        _ = try proxy.stage.account()
        #expect(results.map(\.failure) == [nil])
    }

    @Test("the next exchange of a connection has no observer")
    func reset() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(ProxyFile([watcher()], to: server.port))
        let client = try proxy.connect()
        #expect(try client.ask("GET /watched").status == 200)
        _ = try events.wait(for: "the end of the first") { events in
            events.contains { $0.plugin == "watcher" && $0.phase == .completed }
        }
        let told = events.current.count
        for _ in 0..<3 { #expect(try client.ask("GET /unwatched").status == 200) }
        try proxy.drain()
        #expect(events.current.count == told)
    }
}
