import Foundation
import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: decisions", .timeLimit(.minutes(5)))
struct DecisionTests {
    private func proxy(_ part: Part, to server: ScriptedServer) throws -> RunningProxy {
        try RunningProxy(ProxyFile([.probe("a"), part], route: [.probe("c")], to: server.port))
    }

    @Test("what is let through by all reaches the upstream")
    func proceed() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.probe("b"), to: server)
        #expect(try proxy.ask("GET /here?q=1").text == "hello")
        #expect(server.requests.current.map(\.target) == ["/here?q=1"])
        for label in ["a", "b", "c"] {
            #expect(proxy.stage.decisions(label, "proceed", "") == 1)
        }
        #expect(try proxy.stage.account(of: "/here").ending.decided == [])
    }

    @Test("a refusal is an error in the form that clients parse, with the plugin's fields")
    func refuse() throws {
        let server = try ScriptedServer.answering()
        let part = Part.probe("b") {
            $0.request = { _ in
                .refuse(
                    429, reason: "too_many", message: "Say \"please\",\nand wait.",
                    headers: [("Retry-After", "7"), ("X-Twice", "1"), ("X-Twice", "2")])
            }
        }
        let proxy = try proxy(part, to: server)
        let answer = try proxy.ask()
        #expect(answer.status == 429)
        #expect(answer.head.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(answer["retry-after"] == ["7"])
        #expect(answer["x-twice"] == ["1", "2"])
        #expect(answer["content-type"] == ["application/json"])
        let body = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        let error = try #require(body?["error"] as? [String: Any])
        #expect(error["message"] as? String == "Say \"please\",\nand wait.")
        #expect(error["type"] as? String == "rate_limit_error")
        #expect(error["code"] as? String == "too_many")
        #expect(error["param"] is NSNull)
        let id = try proxy.stage.account().ending.requestID
        #expect(error["request_id"] as? String == id)
        #expect(answer["x-request-id"] == [id])
        #expect(proxy.stage.decisions("b", "refuse", "too_many") == 1)
        #expect(proxy.stage.decisions("c", "proceed", "") == 0)
        #expect(server.requests.current.isEmpty)
    }

    @Test("a refusal cannot say that its body is something else")
    func refusalsType() throws {
        let part = Part.probe("b") {
            $0.request = { _ in
                .refuse(
                    403, reason: "no", headers: [("Content-Type", "text/html"), ("X-Own", "1")])
            }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        let answer = try proxy.ask()
        #expect(answer["content-type"] == ["application/json"])
        #expect(answer["x-own"] == ["1"])
    }

    @Test("a refusal without a message says its reason's words")
    func message() throws {
        let part = Part.probe("b") { $0.request = { _ in .refuse(403, reason: "blocked_path") } }
        let proxy = try RunningProxy(ProxyFile([part]))
        #expect(try proxy.ask().text.contains(#""message":"Blocked path.""#))
    }

    @Test("the identifier that a plugin sets is the one that the client is told")
    func identifier() throws {
        let part = Part.probe("b") {
            $0.request = { exchange in
                exchange.requestID = "the-one"
                return .refuse(403, reason: "no")
            }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        let answer = try proxy.ask()
        #expect(answer["x-request-id"] == ["the-one"])
        #expect(answer.text.contains(#""request_id":"the-one""#))
    }

    @Test("identifiers of requests on one connection differ")
    func identifiers() throws {
        let part = Part.probe("b") { $0.request = { _ in .refuse(403, reason: "no") } }
        let proxy = try RunningProxy(ProxyFile([part]))
        let client = try proxy.connect()
        let identifiers = try (0..<3).map { _ in try client.ask()["x-request-id"] }
        #expect(Set(identifiers).count == 3)
    }

    @Test("an answer of a plugin's own is sent as it is")
    func answer() throws {
        let part = Part.probe("b") {
            $0.request = { _ in
                .answer(
                    Answer(
                        status: 201, reason: "known", headers: [("Content-Type", "text/plain")],
                        body: Array("made here".utf8)))
            }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        let client = try proxy.connect()
        for _ in 0..<2 {
            let answer = try client.ask()
            #expect(answer.status == 201)
            #expect(answer["content-type"] == ["text/plain"])
            #expect(answer["content-length"] == ["9"])
            #expect(answer.text == "made here")
        }
        let head = try client.ask("HEAD /")
        #expect(head.status == 201)
        #expect(head["content-length"] == ["9"])
        // The next answer begins where the head ends: there was no body.
        #expect(try client.ask().text == "made here")
        #expect(proxy.stage.decisions("b", "answer", "known") == 4)
    }

    @Test("an answer that cannot have a body has none", arguments: [204, 304])
    func bodiless(_ status: Int) throws {
        let part = Part.probe("b") {
            $0.request = { _ in .answer(Answer(status: status, body: Array("too much".utf8))) }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        let client = try proxy.connect()
        #expect(try client.ask().status == status)
        #expect(try client.ask().status == status)
        #expect(try proxy.stage.completed(2).map(\.ending.outcome.bytesOut) == [0, 0])
    }

    @Test("the status on record is the one that the client saw", arguments: [-1, 0, 101, 600])
    func impossible(_ status: Int) throws {
        let part = Part.probe("b") { $0.request = { _ in .answer(Answer(status: status)) } }
        let proxy = try RunningProxy(ProxyFile([part]))
        let answer = try proxy.ask()
        #expect(answer.status == 500)
        #expect(try proxy.stage.account().ending.outcome.status == 500)
    }

    // MARK: - Observed

    @Test(
        "what an observed plugin would refuse or answer is counted, recorded and let through",
        arguments: [
            Decision.refuse(403, reason: "would_be"), .answer(Answer(reason: "would_be")),
        ])
    func observed(_ decision: Decision) throws {
        let server = try ScriptedServer.answering()
        let hooks: [(Part, String, String?)] = [
            (.probe("b", .observe) { $0.request = { _ in decision } }, "GET /", nil),
            (.waiting("b", .observe) { $0.asynchronous = { _ in decision } }, "GET /", nil),
            (
                .waiting("b", .observe) {
                    $0.asynchronous = { _ in
                        await Task.yield()
                        return decision
                    }
                }, "GET /", nil
            ),
            (.whole("b", .observe) { $0.whole = { _, _ in decision } }, "POST /", "abc"),
        ]
        for (part, line, body) in hooks {
            let proxy = try proxy(part, to: server)
            #expect(try proxy.ask(line, [], body).text == "hello")
            let account = try proxy.stage.account()
            #expect(account.asked == ["a", "b", "c"])
            #expect(account.answered == ["c", "b", "a"])
            #expect(account.ending.decided == ["b observed would_be"])
            #expect(proxy.stage.decisions("b", "observed", "would_be") == 1)
            #expect(account.ending.outcome.error == nil)
        }
    }

    @Test("an observed plugin that throws lets through, in every phase")
    func observedFailure() throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .probe("b", .observe) { $0.request = { _ in throw Mistake() } },
            .waiting("b", .observe) { $0.asynchronous = { _ in throw Mistake() } },
            .waiting("b", .observe) {
                $0.asynchronous = { _ in
                    await Task.yield()
                    throw Mistake()
                }
            },
            .whole("b", .observe) { $0.whole = { _, _ in throw Mistake() } },
            .probe("b", .observe) { $0.requestBody = { _, _ in throw Mistake() } },
            .probe("b", .observe) { $0.responseHead = { _ in throw Mistake() } },
            .probe("b", .observe) {
                $0.responseBody = { _, run in
                    if run.isLast { throw Mistake() }
                    return .pass
                }
            },
        ]
        for part in parts {
            let proxy = try proxy(part, to: server)
            #expect(try proxy.ask("POST /", [], "abc").text == "hello")
            let account = try proxy.stage.account()
            #expect(account.ending.decided == ["b failed plugin_error"])
            #expect(account.ending.outcome.aborted == nil)
            #expect(account.asked == ["a", "b", "c"])
            #expect(account.answered == ["c", "b", "a"])
            #expect(account.requestBody("c") == [Run("abc", isLast: true)])
            #expect(account.responseBody("a").text == "hello")
            #expect(proxy.stage.decisions("b", "failed", "plugin_error") == 1)
        }
        #expect(server.requests.current.allSatisfy { $0.text == "abc" })
    }

    @Test("an observed plugin that throws at every run is recorded once")
    func observedFailures() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
            try connection.send(Pattern.bytes(300_000))
        }
        let part = Part.probe("b", .observe) { $0.responseBody = { _, _ in throw Mistake() } }
        let proxy = try proxy(part, to: server)
        #expect(Pattern.areEqual(try proxy.ask().body, Pattern.bytes(300_000)))
        let account = try proxy.stage.account()
        #expect(account.ending.decided == ["b failed plugin_error"])
        #expect(proxy.log.current.count { $0.event == "a plugin failed" } == 1)
    }

    @Test("an observed plugin that refuses does not keep the next from refusing")
    func observedThenEnforced() throws {
        let server = try ScriptedServer.answering()
        let refuse: @Sendable (Exchange) throws -> Decision = { _ in .refuse(403, reason: "no") }
        let file = ProxyFile(
            [
                .probe("trial", .observe) { $0.request = refuse },
                .probe("b") { $0.request = refuse },
            ],
            to: server.port)
        let proxy = try RunningProxy(file)
        #expect(try proxy.ask().status == 403)
        let account = try proxy.stage.account()
        #expect(account.ending.decided == ["trial observed no", "b refuse no"])
        #expect(server.requests.current.isEmpty)
    }

    @Test("one plugin with all three hooks is asked in their order, and once in each")
    func thorough() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.thorough("b"), to: server)
        #expect(try proxy.ask("POST /", [], "abc").text == "hello")
        #expect(
            try proxy.stage.account().order.prefix(5) == [
                "a request", "b request", "b asynchronous", "b whole", "c request",
            ])
    }

    @Test("the admin listener's requests go through no plugin")
    func admin() throws {
        var file = ProxyFile([.probe("a") { $0.request = { _ in .refuse(403, reason: "no") } }])
        file.hasAdmin = true
        let proxy = try RunningProxy(file)
        let client = try RawClient(proxy.adminPort)
        #expect(try client.ask("GET /healthz").status == 200)
        #expect(try client.ask("POST /healthz", [], "abc").status == 405)
        #expect(try client.ask("GET /", ["no field"]).status == 400)
        #expect(try proxy.ask("GET /proxied").status == 403)
        try proxy.drain()
        #expect(proxy.stage.accounts.current.map(\.path) == ["/proxied"])
    }
}
