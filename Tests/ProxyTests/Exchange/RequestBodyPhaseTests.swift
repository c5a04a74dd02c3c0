import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: the request body phase", .timeLimit(.minutes(5)))
struct RequestBodyPhaseTests {
    /// Every byte once and in order, to each plugin and to the upstream, with one end.
    private func expect(
        _ body: [UInt8], _ account: Account, _ server: ScriptedServer,
        _ labels: [String] = ["a", "b"], at place: SourceLocation = #_sourceLocation
    ) {
        for label in labels {
            let runs = account.requestBody(label)
            #expect(Pattern.areEqual(runs.joined, body), sourceLocation: place)
            #expect(runs.count(where: \.isLast) == 1, sourceLocation: place)
            #expect(runs.last?.isLast == true, sourceLocation: place)
        }
        let received = server.requests.current.last
        #expect(received?.isComplete == true, sourceLocation: place)
        #expect(Pattern.areEqual(received?.body ?? [], body), sourceLocation: place)
        #expect(account.ending.outcome.bytesIn == body.count, sourceLocation: place)
    }

    private func proxy(_ parts: [Part] = [.probe("a"), .probe("b")], to server: ScriptedServer)
        throws -> RunningProxy
    {
        try RunningProxy(ProxyFile(parts, to: server.port))
    }

    @Test("a small body comes in one run, which is the last")
    func small() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        #expect(try proxy.ask("POST /", [], "abc").text == "hello")
        let account = try proxy.stage.account()
        expect(Array("abc".utf8), account, server)
        #expect(account.requestBody("a").count == 1)
        // First to last for each run, before the upstream has it.
        #expect(account.seers(of: "request body") == ["a", "b"])
    }

    @Test("bytes that come later are seen as they come", arguments: [true, false])
    func later(_ isChunked: Bool) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        let client = try proxy.connect()
        try client.request(
            "POST /", [isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 9"])
        for (index, part) in ["one", "two", "six"].enumerated() {
            try client.send(isChunked ? "3\r\n\(part)\r\n" : part)
            try proxy.stage.accounts.wait(for: "\(part) to be seen") {
                $0.first?.requestBody("b").count == index + 1
            }
        }
        if isChunked { try client.send("0\r\n\r\n") }
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        expect(Array("onetwosix".utf8), account, server)
        let runs = account.requestBody("a")
        #expect(runs.prefix(2) == [Run("one"), Run("two")])
        #expect(
            runs.dropFirst(2)
                == (isChunked ? [Run("six"), Run("", isLast: true)] : [Run("six", isLast: true)]))
    }

    @Test("a body that came before the decision is seen after it")
    func beforeTheDecision() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let part = Part.waiting("b") {
            $0.asynchronous = { _ in
                await barrier.pass()
                return .proceed
            }
        }
        let proxy = try proxy([.probe("a"), part, .probe("c")], to: server)
        let client = try proxy.connect()
        try client.request("POST /", [], "abcdef")
        try barrier.reached()
        #expect(proxy.stage.accounts.current[0].requestBody("a") == [])
        barrier.open()
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        expect(Array("abcdef".utf8), account, server, ["a", "b", "c"])
        #expect(account.requestBody("a").count == 1)
    }

    @Test("a body that is refused is not shown to anyone")
    func refused() throws {
        let refusing = Part.probe("b") { $0.request = { _ in .refuse(403, reason: "no") } }
        let proxy = try RunningProxy(ProxyFile([.probe("a"), refusing]))
        #expect(try proxy.ask("POST /", [], "abc").status == 403)
        let account = try proxy.stage.account()
        #expect(account.seers(of: "request body") == [])
    }

    @Test("a chunked body without bytes has an end", arguments: [true, false])
    func emptyChunked(_ comesAtOnce: Bool) throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        let client = try proxy.connect()
        if comesAtOnce {
            try client.send(
                "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        } else {
            try client.request("POST /", ["Transfer-Encoding: chunked"])
            try proxy.stage.await("b", "request")
            try client.send("0\r\n\r\n")
        }
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        #expect(account.requestBody("a") == [Run("", isLast: true)])
        #expect(account.requestBody("b") == [Run("", isLast: true)])
    }

    @Test("a request without a body has none to see")
    func none() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        #expect(try proxy.ask().text == "hello")
        #expect(try proxy.ask("POST /zero", ["Content-Length: 0"]).text == "hello")
        #expect(try proxy.stage.account().requestBody("a") == [])
        #expect(try proxy.stage.account(of: "/zero").requestBody("a") == [])
    }

    @Test("bodies of one connection are told apart")
    func pipelined() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        let client = try proxy.connect()
        let requests = (1...5).map { number in
            let body = String(repeating: "\(number)", count: number)
            return "POST /\(number) HTTP/1.1\r\nHost: t\r\nContent-Length: \(number)\r\n\r\n" + body
        }
        try client.send(requests.joined())
        for _ in requests { #expect(try client.answer().text == "hello") }
        for number in 1...5 {
            let runs = try proxy.stage.account(of: "/\(number)").requestBody("b")
            #expect(runs.text == String(repeating: "\(number)", count: number))
            #expect(runs.count(where: \.isLast) == 1)
        }
    }

    @Test("a large body passes once and in order", arguments: [true, false], [1, 2])
    func large(_ isChunked: Bool, _ workers: Int) throws {
        let server = try ScriptedServer.answering()
        var file = ProxyFile([.probe("a"), .probe("b")], to: server.port)
        file.workers = workers
        let proxy = try RunningProxy(file)
        let body = Pattern.bytes(1_000_000)
        let client = try proxy.connect()
        if isChunked {
            try client.request("POST /", ["Transfer-Encoding: chunked"])
            for start in stride(from: 0, to: body.count, by: 50_000) {
                try client.send("c350\r\n")
                try client.send(Array(body[start..<start + 50_000]))
                try client.send("\r\n")
            }
            try client.send("0\r\n\r\n")
        } else {
            try client.request("POST /", ["Content-Length: \(body.count)"])
            try client.send(body)
        }
        #expect(try client.answer().text == "hello")
        expect(body, try proxy.stage.account(), server)
    }

    @Test("bytes are seen once though the request is sent to a second target")
    func secondTarget() throws {
        // The first target refuses the connection; its place in the file is before the other's.
        let server = try ScriptedServer.answering()
        let closed = try ScriptedServer.reserve()
        var file = ProxyFile([.probe("a"), .probe("b")], to: server.port)
        file.otherPort = ScriptedServer.port(of: closed)
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        for number in 0..<4 {
            try client.request("POST /\(number)", ["Transfer-Encoding: chunked"])
            try client.send("3\r\nabc\r\n0\r\n\r\n")
            #expect(try client.answer().text == "hello")
            let account = try proxy.stage.account(of: "/\(number)")
            expect(Array("abc".utf8), account, server)
        }
        let attempts = proxy.stage.accounts.current.map(\.ending.outcome.attempts)
        #expect(attempts.contains(2))
    }

    @Test("trailers come behind the body, and are not part of it")
    func trailers() throws {
        let server = try ScriptedServer.answering()
        let proxy = try proxy(to: server)
        let client = try proxy.connect()
        try client.request("POST /", ["Transfer-Encoding: chunked"])
        try client.send("3\r\nabc\r\n0\r\nX-After: 1\r\n\r\n")
        #expect(try client.answer().text == "hello")
        let account = try proxy.stage.account()
        expect(Array("abc".utf8), account, server)
        #expect(server.requests.current[0].trailers == [Field("X-After", "1")])
    }
}
