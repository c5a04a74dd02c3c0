import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: facts and fields", .timeLimit(.minutes(5)))
struct FactAndFieldTests {
    private static let number = Fact<Int>("number")
    private static let words = Fact<[String]>("words")

    @Test("what one plugin writes the next reads, in every later phase")
    func facts() throws {
        let server = try ScriptedServer.answering()
        let read = Watched<[Int?]>([])
        let parts: [Part] = [
            .probe("a") {
                $0.request = { exchange in
                    exchange[Self.number] = 1
                    return .proceed
                }
                $0.responseHead = { exchange in read.change { $0.append(exchange[Self.number]) } }
                $0.completed = { exchange in read.change { $0.append(exchange[Self.number]) } }
            },
            .waiting("b") {
                $0.asynchronous = { exchange in
                    await Task.yield()
                    read.change { $0.append(exchange[Self.number]) }
                    exchange[Self.number, default: 0] += 1
                    return .proceed
                }
                $0.requestBody = { exchange, _ in read.change { $0.append(exchange[Self.number]) } }
                $0.responseBody = { exchange, run in
                    if run.isLast { exchange[Self.number] = 3 }
                    return .pass
                }
            },
        ]
        let proxy = try RunningProxy(ProxyFile(parts, to: server.port))
        #expect(try proxy.ask("POST /", [], "abc").text == "hello")
        _ = try proxy.stage.account()
        try read.wait(for: "the last phase") { $0.count == 4 }
        #expect(read.current == [1, 2, 2, 3])
    }

    @Test("facts are gone in the next request on the connection")
    func forgotten() throws {
        let server = try ScriptedServer.answering()
        let part = Part.probe("a") {
            $0.request = { exchange in
                let isClean = exchange[Self.number] == nil && exchange[Self.words] == nil
                exchange[Self.number] = 7
                exchange[Self.words] = ["left", "over"]
                return isClean ? .proceed : .refuse(500, reason: "unclean")
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        for _ in 0..<5 { #expect(try client.ask().text == "hello") }
        // The same exchange serves other connections too.
        for _ in 0..<5 { #expect(try proxy.ask().text == "hello") }
    }

    @Test("nothing else of one request is left in the next")
    func clean() throws {
        let server = try ScriptedServer.answering()
        let part = Part.probe("a") {
            $0.request = { exchange in
                let request = exchange.request
                let isClean =
                    exchange.decisions.isEmpty && exchange.outcome.status == 0
                    && exchange.outcome.error == nil && exchange.outcome.attempts == 0
                    && exchange.response.status == 0 && exchange.response.headers.count == 0
                    && request.headers["x-left"] == nil
                    && request.contentLength == (request.path == "/" ? 0 : 3)
                guard isClean else { return .refuse(500, reason: "unclean") }
                request.headers.set("x-left", to: "over")
                exchange.requestID = "left-over"
                if request.path == "/refuse" { return .refuse(403, reason: "no") }
                return .proceed
            }
            $0.responseHead = { $0.response.headers.set("x-left", to: "over") }
        }
        let observed = Part.probe("b", .observe) { $0.request = { _ in throw Mistake() } }
        let proxy = try RunningProxy(ProxyFile([part, observed], to: server.port))
        let client = try proxy.connect()
        for _ in 0..<3 {
            #expect(try client.ask("POST /post", ["X-Left: mine"], "abc").status == 500)
            #expect(try client.ask("POST /post", [], "abc").text == "hello")
            #expect(try client.ask("POST /refuse", [], "abc").status == 403)
            #expect(try client.ask("GET /").text == "hello")
        }
    }

    // MARK: - Fields

    @Test("fields changed in the request phase reach the upstream, each in its place")
    func requestFields() throws {
        let server = try ScriptedServer.answering()
        let parts: [Part] = [
            .probe("a") {
                $0.request = { exchange in
                    let headers = exchange.request.headers
                    headers.set("x-changed", to: "new")
                    headers.remove("x-removed")
                    headers.append("x-added", "1")
                    headers.append("x-added", "2")
                    return .proceed
                }
            },
            .probe("b") {
                $0.request = { exchange in
                    exchange.request.headers.append(
                        "x-seen", exchange.request.headers["x-changed"]?.string ?? "nothing")
                    return .proceed
                }
            },
        ]
        let proxy = try RunningProxy(ProxyFile(parts, to: server.port))
        let client = try proxy.connect()
        for _ in 0..<2 {
            _ = try client.ask(
                "GET /",
                [
                    "X-First: 1", "X-Changed: old", "X-Removed: 1", "X-Changed: older",
                    "x-removed: 2", "X-Last: 1",
                ])
        }
        for request in server.requests.current {
            let fields = request.fields.map(\.description).filter {
                $0.lowercased().hasPrefix("x-")
            }
            #expect(
                fields.filter { !$0.lowercased().hasPrefix("x-forwarded") } == [
                    "X-First: 1", "X-Changed: new", "X-Last: 1", "x-added: 1", "x-added: 2",
                    "x-seen: new",
                ])
        }
    }

    @Test("a client cannot take away what a plugin set by naming it in Connection")
    func namedInConnection() throws {
        let server = try ScriptedServer.answering()
        let part = Part.probe("a") {
            $0.request = { exchange in
                exchange.request.headers.set("x-team", to: "blue")
                return .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        for fields in [["Connection: x-team"], ["Connection: X-Team, keep-alive", "X-Team: red"]] {
            #expect(try client.ask("GET /", fields).status == 200)
        }
        #expect(server.requests.current.map { $0["x-team"] } == [["blue"], ["blue"]])
    }

    @Test("fields changed in the response phase reach the client, each in its place")
    func responseFields() throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.answer(
                    "hello",
                    fields: "X-First: 1\r\nX-Changed: old\r\nX-Removed: 1\r\nX-Last: 1\r\n")
            }
        }
        let parts: [Part] = [
            .probe("a") {
                $0.responseHead = { exchange in
                    let headers = exchange.response.headers
                    headers.append("x-seen", headers["x-changed"]?.string ?? "nothing")
                    exchange.response.status = 203
                }
            },
            .probe("b") {
                $0.responseHead = { exchange in
                    exchange.response.headers.set("x-changed", to: "new")
                    exchange.response.headers.remove("x-removed")
                }
            },
        ]
        let proxy = try RunningProxy(ProxyFile(parts, to: server.port))
        let answer = try proxy.ask()
        #expect(answer.head.hasPrefix("HTTP/1.1 203 "))
        let fields = answer.fields.map(\.description).filter { $0.lowercased().hasPrefix("x-") }
        #expect(fields == ["X-First: 1", "X-Changed: new", "X-Last: 1", "x-seen: new"])
        #expect(try proxy.stage.account().ending.outcome.status == 203)
    }

    @Test("a plugin cannot change how a message is framed")
    func framing() throws {
        let server = try ScriptedServer.answering()
        let part = Part.probe("a") {
            $0.request = { exchange in
                exchange.request.headers.set("content-length", to: "99")
                exchange.request.headers.append("transfer-encoding", "chunked")
                exchange.request.headers.append("connection", "close")
                return .proceed
            }
            $0.responseHead = { exchange in
                exchange.response.headers.set("content-length", to: "1")
                exchange.response.headers.append("transfer-encoding", "chunked")
                exchange.response.headers.append("connection", "close")
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        for _ in 0..<2 {
            let answer = try client.ask("POST /", [], "abc")
            #expect(answer.text == "hello")
            #expect(answer["content-length"] == ["5"])
            #expect(answer["transfer-encoding"] == [] && answer["connection"] == [])
        }
        for request in server.requests.current {
            #expect(request.text == "abc" && request["content-length"] == ["3"])
            #expect(request["transfer-encoding"] == [])
        }
    }

    @Test("an answer of a plugin's own is framed by its bytes, whatever it says of itself")
    func ownFraming() throws {
        let part = Part.probe("a") {
            $0.request = { _ in
                .answer(
                    Answer(
                        headers: [
                            ("Content-Length", "1"), ("Transfer-Encoding", "chunked"),
                            ("Connection", "close"), ("Date", "today"), ("X-Own", "1"),
                        ], body: Array("hello".utf8)))
            }
        }
        let proxy = try RunningProxy(ProxyFile([part]))
        let client = try proxy.connect()
        for _ in 0..<2 {
            let answer = try client.ask()
            #expect(answer.text == "hello" && answer["content-length"] == ["5"])
            #expect(answer["transfer-encoding"] == [] && answer["connection"] == [])
            #expect(answer["date"] == ["today"] && answer["x-own"] == ["1"])
        }
    }

    @Test("bytes that a value must not have cannot split a head")
    func splitting() throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil { try connection.answer("hello") }
        }
        let evil = "a\r\nX-Smuggled: 1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n\u{0}b"
        let part = Part.probe("a") {
            $0.request = { exchange in
                let headers = exchange.request.headers
                headers.set("x-set", to: evil)
                headers.append("x-appended", evil)
                exchange.requestID = evil
                if exchange.request.path == "/refuse" {
                    return .refuse(
                        403, reason: evil, message: evil,
                        headers: [("X-Own", evil), ("X-Bad\r\nX-Smuggled: 1", "1"), ("", "1")])
                }
                if exchange.request.path == "/answer" {
                    return .answer(Answer(headers: [("X-Own", evil)], body: Array("hello".utf8)))
                }
                return .proceed
            }
            $0.responseHead = { exchange in
                exchange.response.headers.set("x-set", to: evil)
                exchange.response.headers.append("x-appended", evil)
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        for path in ["/", "/refuse", "/answer", "/"] {
            let answer = try client.ask("GET \(path)")
            #expect(answer.isComplete && answer["x-smuggled"] == [])
            #expect(answer["x-set"].first?.contains("X-Smuggled: 1") == true)
        }
        #expect(server.requests.current.map(\.target) == ["/", "/"])
        #expect(server.requests.current.allSatisfy { $0["x-smuggled"] == [] })
    }
}
