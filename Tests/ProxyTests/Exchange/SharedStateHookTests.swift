import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: deciding by shared state", .timeLimit(.minutes(5)))
struct SharedStateHookTests {
    let redis: RedisServer

    init() throws { redis = try RedisServer() }

    private func proxy(
        _ kind: StateKind, _ parts: [Part], whenUnavailable: UnavailableStatePolicy = .local,
        to server: ScriptedServer
    ) throws -> RunningProxy {
        var file = ProxyFile(parts, to: server.port)
        file.redis = kind == .redis ? redis.port : nil
        file.whenUnavailable = whenUnavailable
        return try RunningProxy(file)
    }

    @Test("the limit holds, and a refusal names the plugin's reason", arguments: StateKind.allCases)
    func limit(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(kind, [.counting("a", limit: 2), .probe("b")], to: server)
        for _ in 0..<2 { #expect(try proxy.ask().status == 200) }
        let refused = try proxy.ask()
        #expect(refused.status == 429)
        #expect(refused.text.contains("over_a"))
        #expect(try proxy.stage.completed(3)[2].asked == ["a"])
    }

    @Test(
        "a request that one refuses does not count against those behind it",
        arguments: StateKind.allCases)
    func withdrawal(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .counting("narrow", limit: 1) { $0.key = { exchange in exchange.request.path } },
            .counting("wide", limit: 3),
        ]
        let proxy = try proxy(kind, parts, to: server)
        for _ in 0..<10 { _ = try proxy.ask("GET /one") }
        #expect(try proxy.ask("GET /two").status == 200)
        #expect(try proxy.ask("GET /three").status == 200)
        let refused = try proxy.ask("GET /four")
        #expect(refused.status == 429)
        #expect(refused.text.contains("over_wide"))
    }

    @Test(
        "the same where Redis alone knows that the first refuses", arguments: StateKind.allCases)
    func withdrawalAfterwards(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .counting("narrow", limit: 1) { $0.key = { exchange in exchange.request.path } },
            .counting("wide", limit: 3),
        ]
        let first = try proxy(kind, parts, to: server)
        #expect(try first.ask("GET /one").status == 200)
        guard kind == .redis else { return }
        for _ in 0..<5 {
            // Each knows nothing of the key until it has asked.
            let other = try proxy(kind, parts, to: server)
            #expect(try other.ask("GET /one").status == 429)
            try other.drain()
        }
        #expect(try first.ask("GET /two").status == 200)
        #expect(try first.ask("GET /three").status == 200)
        #expect(try first.ask("GET /four").status == 429)
    }

    @Test(
        "what a plugin behind it decides holds only if it lets the request go on",
        arguments: StateKind.allCases)
    func precedence(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .counting("a", limit: 2),
            .probe("b") {
                $0.request = {
                    $0.request.path == "/bad" ? .refuse(403, reason: "bad") : .proceed
                }
            },
            .counting("c", limit: 1),
        ]
        let proxy = try proxy(kind, parts, to: server)
        #expect(try proxy.ask("GET /bad").status == 403)
        // The one that b refused did not count with c.
        #expect(try proxy.ask("GET /good").status == 200)
        let refused = try proxy.ask("GET /bad")
        #expect(refused.status == 429)
        #expect(refused.text.contains("over_a"))
    }

    @Test("one in observe mode refuses nobody, and is on record", arguments: StateKind.allCases)
    func observed(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [.counting("a", .observe, limit: 1), .counting("b", limit: 2)]
        let proxy = try proxy(kind, parts, to: server)
        #expect(try proxy.ask().status == 200)
        #expect(try proxy.ask().status == 200)
        #expect(try proxy.ask().status == 429)
        #expect(try proxy.stage.completed(2)[1].ending.decided == ["a observed over_a"])
    }

    @Test("it goes with plugins that wait and that read the body", arguments: StateKind.allCases)
    func mixed(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let parts: [Part] = [
            .counting("a", limit: 5), .probe("b"),
            .waiting("c") {
                $0.asynchronous = { _ in
                    await barrier.pass()
                    return .proceed
                }
            },
            .counting("d", limit: 5), .whole("e"), .counting("f", limit: 5),
            .counting("g", limit: 5),
        ]
        barrier.open()
        let proxy = try proxy(kind, parts, to: server)
        #expect(try proxy.ask("POST /", [], "body").status == 200)
        #expect(Set(try proxy.stage.account().asked) == ["a", "b", "c", "d", "e", "f", "g"])
    }

    @Test("one whose step throws fails the request and no other", arguments: StateKind.allCases)
    func throwing(_ kind: StateKind) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .counting("a", limit: 9),
            .counting("b", limit: 9) {
                $0.key = { exchange in
                    if exchange.request.path == "/bad" { throw Failure("no key") }
                    return "all"
                }
            },
        ]
        let proxy = try proxy(kind, parts, to: server)
        #expect(try proxy.ask("GET /bad").status == 500)
        #expect(try proxy.ask("GET /good").status == 200)
    }

    @Test("a client that leaves while Redis is asked ends once, and its place is used again")
    func clientLeaves() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.redis, [.counting("a", limit: 9)], to: server)
        #expect(try proxy.ask().status == 200)
        try redis.pause()
        do {
            let client = try proxy.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        try proxy.stage.completed(2)
        redis.resume()
        #expect(try proxy.ask().status == 200)
    }

    @Test("while Redis is away the operator's choice holds", arguments: UnavailableStatePolicy.all)
    func policies(_ policy: UnavailableStatePolicy) throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [.counting("a", limit: 1)]
        let proxy = try proxy(.redis, parts, whenUnavailable: policy, to: server)
        #expect(try proxy.ask().status == 200)
        redis.kill()
        try proxy.log.wait(for: "the state to be away") { lines in
            lines.contains { $0.event.hasPrefix("shared state is away") }
        }
        let answer = try proxy.ask()
        switch policy {
        case .local: #expect(answer.status == 429)
        case .allow: #expect(answer.status == 200)
        case .deny:
            #expect(answer.status == 503)
            #expect(answer.text.contains("state_unavailable"))
            #expect(answer["retry-after"] == ["1"])
        }
    }

    @Test("counts survive a reload, and one that joins Redis at a reload shares")
    func reload() throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [.counting("a", limit: 3)]
        let proxy = try proxy(.memory, parts, to: server)
        #expect(try proxy.ask().status == 200)
        proxy.reload(ProxyFile(parts, to: server.port))
        #expect(try proxy.ask().status == 200)
        var file = ProxyFile(parts, to: server.port)
        file.redis = redis.port
        proxy.reload(file)
        #expect(try proxy.ask().status == 200)
        #expect(try proxy.ask().status == 429)
    }
}

extension UnavailableStatePolicy {
    static let all: [Self] = [.local, .allow, .deny]
}
