import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: the response body phase", .timeLimit(.minutes(5)))
struct ResponseBodyPhaseTests {
    private func proxy(_ parts: [Part], to server: ScriptedServer) throws -> RunningProxy {
        try RunningProxy(ProxyFile(parts, to: server.port))
    }

    /// Replaces each run by what `change` makes of it.
    private static func changing(
        _ label: String, _ change: @escaping @Sendable (Run) -> BodyDecision
    ) -> Part {
        .probe(label) {
            $0.responseHead = { $0.response.bodyWillChange() }
            $0.responseBody = { _, run in change(run) }
        }
    }

    /// Puts each run in brackets, and a full stop at the end.
    private static func brackets(_ label: String, _ left: String, _ right: String) -> Part {
        changing(label) { run in
            let text = (run.text.isEmpty ? "" : left + run.text + right) + (run.isLast ? "." : "")
            return .replace(Array(text.utf8))
        }
    }

    /// Sends the parts one by one, each when the client has seen the one before.
    private func server(
        _ head: String, _ parts: [String], end: String = "", at barriers: [Barrier]
    ) throws -> ScriptedServer {
        try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n")
            for (part, barrier) in zip(parts, barriers) {
                try connection.send(part)
                try barrier.block()
            }
            try connection.send(end)
        }
    }

    @Test("bytes are seen once, in order and with one end, before the client has them")
    func order() throws {
        let framings: [(head: String, parts: [String], end: String)] = [
            ("Content-Length: 6", ["one", "two"], ""),
            ("Transfer-Encoding: chunked", ["3\r\none\r\n", "3\r\ntwo\r\n"], "0\r\n\r\n"),
            ("Connection: close", ["one", "two"], ""),
        ]
        for framing in framings {
            let barriers = [Barrier(), Barrier()]
            let server = try server(
                framing.head, framing.parts, end: framing.end, at: barriers)
            let proxy = try proxy([.probe("a"), .probe("b")], to: server)
            let client = try proxy.connect()
            try client.request()
            for index in 0..<2 {
                try proxy.stage.accounts.wait(for: "run \(index)") {
                    ($0.first?.responseBody("a").count ?? 0) > index
                }
                barriers[index].open()
            }
            #expect(try client.answer().text == "onetwo")
            let account = try proxy.stage.account()
            for label in ["a", "b"] {
                #expect(
                    account.responseBody(label) == [Run("one"), Run("two"), Run("", isLast: true)])
            }
            #expect(account.seers(of: "body") == ["b", "a", "b", "a", "b", "a"])
            #expect(account.ending.outcome.bytesOut == 6)
        }
    }

    @Test("an answer without a body has an end")
    func empty() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                switch request.target {
                case "/204": try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
                case "/304": try connection.send("HTTP/1.1 304 Not Modified\r\n\r\n")
                case "/head":
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                default: try connection.answer("")
                }
            }
        }
        let proxy = try proxy([.probe("a"), .probe("b")], to: server)
        let client = try proxy.connect()
        for line in ["GET /204", "GET /304", "HEAD /head", "GET /empty"] {
            _ = try client.ask(line)
            let path = String(line.split(separator: " ")[1])
            let account = try proxy.stage.account(of: path)
            #expect(account.responseBody("a") == [Run("", isLast: true)])
            #expect(account.responseBody("b") == [Run("", isLast: true)])
            #expect(account.ending.outcome.bytesOut == 0)
        }
    }

    @Test("an answer of the proxy's own is seen too, by those that the request came to")
    func own() throws {
        let refusing = Part.probe("b") { $0.request = { _ in .refuse(403, reason: "no") } }
        let proxy = try RunningProxy(ProxyFile([.probe("a"), refusing, .probe("c")]))
        let answer = try proxy.ask()
        let account = try proxy.stage.account()
        #expect(account.responseBody("a") == [Run(answer.text, isLast: true)])
        #expect(account.responseBody("b") == [Run(answer.text, isLast: true)])
        #expect(account.responseBody("c") == [])
    }

    @Test("an own answer that has no body shows none", arguments: ["HEAD", "204"])
    func ownWithoutBody(_ what: String) throws {
        let answering = Part.probe("b") {
            $0.request = { _ in
                .answer(Answer(status: what == "204" ? 204 : 200, body: Array("unsent".utf8)))
            }
        }
        let proxy = try RunningProxy(ProxyFile([.probe("a"), answering]))
        #expect(try proxy.ask(what == "HEAD" ? "HEAD /" : "GET /").isComplete)
        #expect(try proxy.stage.account().responseBody("a") == [Run("", isLast: true)])
    }

    // MARK: - Replacing

    @Test("replaced bytes take the place of the upstream's, whatever their length")
    func replaced() throws {
        let server = try ScriptedServer.answering("hello")
        for text in ["", "x", "hallo", "much longer than it was"] {
            let part = Self.changing("b") { run in
                run.isLast ? .pass : .replace(Array(text.utf8))
            }
            let proxy = try proxy([.probe("a"), part, .probe("c")], to: server)
            let client = try proxy.connect()
            for path in ["/1", "/2"] {
                let answer = try client.ask("GET \(path)")
                #expect(answer.text == text && answer.isComplete)
                #expect(answer["transfer-encoding"] == ["chunked"])
                #expect(answer["content-length"] == [])
                let account = try proxy.stage.account(of: path)
                #expect(account.responseBody("a").text == text)
                #expect(account.responseBody("c").text == "hello")
                #expect(account.ending.outcome.bytesOut == text.utf8.count)
            }
        }
    }

    @Test("a 1.0 client gets replaced bytes until the close")
    func replacedFor10() throws {
        let server = try ScriptedServer.answering("hello")
        let part = Self.brackets("b", "[", "]")
        let proxy = try proxy([part], to: server)
        let client = try proxy.connect()
        let answer = try client.ask("GET / HTTP/1.0", ["Connection: keep-alive"])
        #expect(answer.text == "[hello]." && answer.isComplete)
        #expect(answer["transfer-encoding"] == [] && answer["content-length"] == [])
        #expect(answer["connection"] == ["close"])
    }

    @Test("an announced change gives no body to an answer that has none")
    func announcedWithoutBody() throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send(
                    request.target == "/204"
                        ? "HTTP/1.1 204 No Content\r\n\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            }
        }
        let proxy = try proxy([Self.brackets("b", "[", "]")], to: server)
        let client = try proxy.connect()
        let head = try client.ask("HEAD /head")
        #expect(head.status == 200 && head["content-length"] == [])
        let empty = try client.ask("GET /204")
        #expect(empty.status == 204)
        #expect(empty["content-length"] == [] && empty["transfer-encoding"] == [])
        // Had there been bodies, this head would not be where it is looked for.
        #expect(try client.ask("HEAD /head").status == 200)
        for account in try proxy.stage.completed(3) {
            #expect(account.ending.outcome.bytesOut == 0)
        }
    }

    @Test("an announced change that is none leaves the bytes as they are")
    func announcedOnly() throws {
        let server = try ScriptedServer.answering("hello")
        let proxy = try proxy([Self.changing("b") { _ in .pass }], to: server)
        let answer = try proxy.ask()
        #expect(answer.text == "hello" && answer["transfer-encoding"] == ["chunked"])
    }

    @Test("dropped runs are gone, and the others stay in order")
    func dropped() throws {
        let barriers = (0..<3).map { _ in Barrier() }
        let server = try server(
            "Transfer-Encoding: chunked", ["3\r\none\r\n", "3\r\ntwo\r\n", "3\r\nsix\r\n"],
            end: "0\r\n\r\n", at: barriers)
        let part = Self.changing("b") { run in run.text == "two" ? .replace([]) : .pass }
        let proxy = try proxy([.probe("a"), part], to: server)
        let client = try proxy.connect()
        try client.request()
        for (index, barrier) in barriers.enumerated() {
            try proxy.stage.accounts.wait(for: "run \(index)") {
                ($0.first?.responseBody("b").count ?? 0) > index
            }
            barrier.open()
        }
        #expect(try client.answer().text == "onesix")
        #expect(
            try proxy.stage.account().responseBody("a") == [
                Run("one"), Run("six"), Run("", isLast: true),
            ])
    }

    @Test("everything may be dropped and come at the end")
    func heldBack() throws {
        let server = try ScriptedServer.answering("hello")
        let held = Fact<[UInt8]>("held")
        let part = Part.probe("b") {
            $0.responseHead = { $0.response.bodyWillChange() }
            $0.responseBody = { exchange, run in
                exchange[held, default: []] += run.bytes
                return .replace(run.isLast ? Array("<".utf8) + exchange[held]! : [])
            }
        }
        let proxy = try proxy([.probe("a"), part], to: server)
        let client = try proxy.connect()
        for _ in 0..<2 { #expect(try client.ask().text == "<hello") }
    }

    @Test("the second of two plugins that replace sees what the first made")
    func replacedTwice() throws {
        let server = try ScriptedServer.answering("hello")
        let parts = [
            .probe("first"), Self.brackets("a", "(", ")"), .probe("between"),
            Self.brackets("b", "[", "]"), .probe("last"),
        ]
        let proxy = try proxy(parts, to: server)
        #expect(try proxy.ask().text == "([hello])(.).")
        let account = try proxy.stage.account()
        #expect(account.responseBody("last") == [Run("hello"), Run("", isLast: true)])
        #expect(account.responseBody("between") == [Run("[hello]"), Run(".", isLast: true)])
        #expect(account.responseBody("first") == [Run("([hello])"), Run("(.).", isLast: true)])
    }

    @Test("an own answer can be replaced as an upstream's can")
    func ownReplaced() throws {
        let answering = Part.probe("b") {
            $0.request = { _ in .answer(Answer(body: Array("made here".utf8))) }
        }
        let proxy = try RunningProxy(ProxyFile([Self.brackets("a", "[", "]"), answering]))
        let client = try proxy.connect()
        for _ in 0..<2 {
            let answer = try client.ask()
            #expect(answer.text == "[made here]." && answer.isComplete)
        }
    }

    @Test("no run waits for the next one")
    func passedOn() throws {
        let barriers = [Barrier(), Barrier()]
        let server = try server(
            "Transfer-Encoding: chunked", ["3\r\none\r\n", "3\r\ntwo\r\n"], end: "0\r\n\r\n",
            at: barriers)
        let proxy = try proxy([Self.brackets("a", "[", "]"), .probe("b")], to: server)
        let client = try proxy.connect()
        try client.request()
        _ = try client.head()
        #expect(try client.chunk() == "[one]")
        barriers[0].open()
        #expect(try client.chunk() == "[two]")
        barriers[1].open()
        #expect(try client.chunk() == ".")
    }

    @Test("a large answer to a client that reads slowly is seen once and in order")
    func large() throws {
        let body = Pattern.bytes(3_000_000)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            try connection.send(body)
        }
        let proxy = try proxy([.probe("a"), Self.changing("b") { _ in .pass }], to: server)
        let client = try proxy.connect()
        try client.request()
        // The sockets and buffers fill up, so that the upstream is held back.
        try proxy.stage.accounts.wait(for: "some of the answer") {
            ($0.first?.responseBody("a").joined.count ?? 0) > 100_000
        }
        let answer = try client.answer()
        #expect(Pattern.areEqual(answer.body, body))
        let account = try proxy.stage.account()
        for label in ["a", "b"] {
            #expect(Pattern.areEqual(account.responseBody(label).joined, body))
            #expect(account.responseBody(label).count(where: \.isLast) == 1)
        }
        #expect(account.ending.outcome.bytesOut == body.count)
    }
}
