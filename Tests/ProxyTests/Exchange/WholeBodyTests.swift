import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: whole bodies", .timeLimit(.minutes(5)))
struct WholeBodyTests {
    private func proxy(_ part: Part, to server: ScriptedServer) throws -> RunningProxy {
        try RunningProxy(ProxyFile([.probe("a"), part], route: [.probe("c")], to: server.port))
    }

    /// Ways in which one body can come.
    enum Framing: String, CaseIterable {
        case length, lengthBehind, chunked, chunkedBehind

        var isChunked: Bool { self == .chunked || self == .chunkedBehind }
        /// Whether the head comes before the body, and not with it.
        var isBehind: Bool { self == .lengthBehind || self == .chunkedBehind }

        func send(
            _ body: String, to path: String = "/", by client: RawClient, _ proxy: RunningProxy
        )
            throws
        {
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
            let head = "POST \(path) HTTP/1.1\r\nHost: test\r\n\(framing)\r\n\r\n"
            let text =
                isChunked ? body.map { "1\r\n\($0)\r\n" }.joined() + "0\r\n\r\n" : body
            guard isBehind else { return try client.send(head + text) }
            try client.send(head)
            try proxy.stage.await("a", "request", of: path)
            try client.send(text)
        }
    }

    @Test("a body is held back until it is whole, and then goes on", arguments: [false, true])
    func heldBack(_ isChunked: Bool) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b"), to: server)
        let client = try proxy.connect()
        if isChunked {
            try client.request("POST /", ["Transfer-Encoding: chunked"])
            try client.send("3\r\nabc\r\n")
        } else {
            try client.request("POST /", ["Content-Length: 6"])
            try client.send("abc")
        }
        try proxy.stage.await("a", "request")
        // A request on another connection shows that the loop has had its turn.
        #expect(try proxy.ask("GET /other").text == "hello")
        #expect(proxy.stage.accounts.current[0].asked == ["a"])
        #expect(server.requests.current.map(\.target) == ["/other"])
        try client.send(isChunked ? "3\r\ndef\r\n0\r\n\r\n" : "def")
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        #expect(account.wholeBody("b") == "abcdef")
        #expect(account.asked == ["a", "b", "c"])
        #expect(server.requests.current.last?.text == "abcdef")
        #expect(server.requests.current.last?["content-length"] == ["6"])
    }

    @Test("a body as long as the bound is taken, one byte more is not", arguments: Framing.allCases)
    func bound(_ framing: Framing) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b") { $0.bodyLimit = 4 }, to: server)
        let client = try proxy.connect()
        try framing.send("1234", by: client, proxy)
        #expect(try client.answer().text == "hello")
        try framing.send("12345", to: "/long", by: client, proxy)
        let answer = try client.answer()
        #expect(answer.status == 413)
        #expect(answer.text.contains(#""code":"body_too_large""#))
        let account = try proxy.stage.account(of: "/long")
        #expect(account.ending.outcome.status == 413)
        // It had not seen the request, so it does not see the answer.
        #expect(account.asked == ["a"])
        #expect(account.answered == ["a"])
        #expect(server.requests.current.count == 1)
    }

    @Test("a body that is too long is refused before it has come")
    func announced() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b") { $0.bodyLimit = 4 }, to: server)
        let client = try proxy.connect()
        try client.request("POST /", ["Content-Length: 5"])
        #expect(try client.answer().status == 413)
    }

    @Test("the server's own bound holds for a plugin that takes more")
    func serversBound() throws {
        let server = try ScriptedServer.answering()
        var file = ProxyFile([.whole("b") { $0.bodyLimit = 1000 }], to: server.port)
        file.limits["requestBody"] = 4
        let proxy = try RunningProxy(file)
        for framing in [Framing.length, .chunked] {
            let client = try proxy.connect()
            try framing.send("12345", by: client, proxy)
            #expect(try client.answer().status == 413)
        }
    }

    @Test("each of two plugins has its own bound")
    func ownBounds() throws {
        let server = try ScriptedServer.answering()
        let file = ProxyFile(
            [.whole("a") { $0.bodyLimit = 8 }, .whole("b") { $0.bodyLimit = 4 }],
            route: [.probe("c")], to: server.port)
        let proxy = try RunningProxy(file)
        #expect(try proxy.ask("POST /", [], "1234").text == "hello")
        #expect(try proxy.ask("POST /long", [], "12345").status == 413)
        let account = try proxy.stage.account(of: "/long")
        #expect(account.asked == ["a"])
        #expect(account.answered == ["a"])
    }

    @Test(
        "a body that an observed plugin does not take is let through, and it is not asked",
        arguments: Framing.allCases)
    func observed(_ framing: Framing) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b", .observe) { $0.bodyLimit = 4 }, to: server)
        let client = try proxy.connect()
        try framing.send("12345", by: client, proxy)
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        #expect(account.asked == ["a", "c"])
        #expect(account.ending.decided == ["b observed body_too_large"])
        #expect(account.requestBody("c").text == "12345")
        #expect(server.requests.current.map(\.text) == ["12345"])
    }

    @Test("a client that waits for 100 Continue is told to go on", arguments: [false, true])
    func expectation(_ isChunked: Bool) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b"), to: server)
        let client = try proxy.connect()
        try client.request(
            "POST /",
            [
                "Expect: 100-continue",
                isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 3",
            ])
        #expect(try client.head().status == 100)
        try client.send(isChunked ? "3\r\nabc\r\n0\r\n\r\n" : "abc")
        #expect(try client.answer().text == "hello")
        #expect(try proxy.stage.account().wholeBody("b") == "abc")
    }

    @Test("a client that waits for 100 Continue with too long a body is not told to go on")
    func refusedExpectation() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b") { $0.bodyLimit = 2 }, to: server)
        let client = try proxy.connect()
        try client.request("POST /", ["Expect: 100-continue", "Content-Length: 3"])
        #expect(try client.answer().status == 413)
    }

    @Test("a client that an earlier plugin refuses is not told to go on")
    func refusedBefore() throws {
        let file = ProxyFile([
            .probe("a") { $0.request = { _ in .refuse(403, reason: "no") } }, .whole("b"),
        ])
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        try client.request("POST /", ["Expect: 100-continue", "Content-Length: 3"])
        #expect(try client.answer().status == 403)
    }

    @Test("a request without a body has an empty one")
    func empty() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b"), to: server)
        let requests: [(String, [String], String)] = [
            ("GET /none", [], ""), ("POST /none-posted", [], ""),
            ("POST /zero", ["Content-Length: 0"], ""),
            ("POST /chunked", ["Transfer-Encoding: chunked"], "0\r\n\r\n"),
        ]
        for (line, fields, body) in requests {
            let client = try proxy.connect()
            try client.request(line, fields)
            try client.send(body)
            #expect(try client.answer().text == "hello")
            let path = String(line.split(separator: " ")[1])
            #expect(try proxy.stage.account(of: path).wholeBody("b") == "")
        }
    }

    @Test(
        "another body is sent in the client's place, with its own length",
        arguments: ["", "x", "much longer than it was"])
    func replaced(_ body: String) throws {
        let server = try ScriptedServer.answering()
        let part = Part.whole("b") {
            $0.whole = { exchange, _ in
                exchange.request.replaceBody(Array(body.utf8))
                return .proceed
            }
        }
        let proxy = try proxy(part, to: server)
        let requests: [(String, [String], String)] = [
            ("POST /", ["Content-Length: 3"], "abc"),
            ("POST /", ["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n"),
            ("POST /", ["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\nX-After: 1\r\n\r\n"),
            ("POST /", [], ""), ("GET /", [], ""),
        ]
        let client = try proxy.connect()
        for (line, fields, sent) in requests {
            try client.request(line, fields)
            try client.send(sent)
            #expect(try client.answer().text == "hello")
        }
        let accounts = try proxy.stage.completed(requests.count)
        let received = server.requests.current
        for index in requests.indices {
            #expect(received[index].isComplete && received[index].text == body)
            if received[index]["transfer-encoding"] == [] {
                let expected = body.isEmpty && index == 4 ? [] : ["\(body.utf8.count)"]
                #expect(received[index]["content-length"] == expected)
            }
            // What came from the client is what is counted as such.
            #expect(accounts[index].ending.outcome.bytesIn == (index < 3 ? 3 : 0))
            #expect(accounts[index].requestBody("c").text == body)
        }
    }

    @Test("the second of two plugins sees what the first put in the client's place")
    func replacedTwice() throws {
        let server = try ScriptedServer.answering()
        func adding(_ text: String) -> @Sendable (Exchange, [UInt8]) throws -> Decision {
            { exchange, body in
                exchange.request.replaceBody(body + Array(text.utf8))
                return .proceed
            }
        }
        let file = ProxyFile(
            [.whole("a") { $0.whole = adding("+a") }, .whole("b") { $0.whole = adding("+b") }],
            route: [.probe("c")], to: server.port)
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        for body in ["one", "another"] {
            #expect(try client.ask("POST /\(body)", [], body).text == "hello")
            let account = try proxy.stage.account(of: "/\(body)")
            #expect(account.wholeBody("a") == body)
            #expect(account.wholeBody("b") == "\(body)+a")
            #expect(account.requestBody("c") == [Run("\(body)+a+b", isLast: true)])
            #expect(server.requests.current.last?.text == "\(body)+a+b")
        }
    }

    @Test("a body that was not replaced is not taken for an earlier request's replacement")
    func replacedOnce() throws {
        let server = try ScriptedServer.answering()
        let part = Part.whole("b") {
            $0.whole = { exchange, _ in
                guard exchange.request.path == "/replaced" else { return .proceed }
                exchange.request.replaceBody(Array("other".utf8))
                return .refuse(403, reason: "after_all")
            }
        }
        let proxy = try proxy(part, to: server)
        let client = try proxy.connect()
        #expect(try client.ask("POST /replaced", [], "abc").status == 403)
        #expect(try client.ask("POST /", [], "abc").text == "hello")
        #expect(server.requests.current.map(\.text) == ["abc"])
    }

    @Test("a large body is held back and passed on unchanged")
    func large() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(.whole("b") { $0.bodyLimit = 4 << 20 }, to: server)
        let body = Pattern.bytes(3_000_000)
        let client = try proxy.connect()
        try client.request("POST /", ["Content-Length: \(body.count)"])
        try client.send(body)
        #expect(try client.answer().text == "hello")
        #expect(Pattern.areEqual(server.requests.current[0].body, body))
    }

    @Test("where no plugin wants it whole, a body streams")
    func streams() throws {
        let hasPart = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.head()
            var body: [UInt8] = []
            _ = try connection.read(8, into: &body)
            hasPart.change { $0 = true }
            _ = try connection.read(5, into: &body)
            try connection.answer("hello")
        }
        let proxy = try proxy(.probe("b"), to: server)
        let client = try proxy.connect()
        try client.request("POST /", ["Transfer-Encoding: chunked"])
        try client.send("3\r\nabc\r\n")
        try hasPart.wait(for: "the first part at the upstream") { $0 }
        try client.send("0\r\n\r\n")
        #expect(try client.answer().text == "hello")
    }
}
