import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: drains", .timeLimit(.minutes(5)))
struct DrainTests {
    @Test("plugins are stopped once, last to first, after the last exchange has completed")
    func stop() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try barrier.block()
                try connection.answer("hello")
            }
        }
        let events = Watched<[String]>([])
        func part(_ label: String) -> Part {
            .probe(label) {
                $0.completed = { _ in events.change { $0.append("\(label) completed") } }
                $0.stop = { events.change { $0.append("\(label) stop") } }
            }
        }
        var file = ProxyFile([part("a"), part("b")], route: [part("c")], to: server.port)
        file.workers = 2
        let proxy = try RunningProxy(file)
        let clients = try (0..<4).map { _ in try proxy.connect() }
        for client in clients { try client.request() }
        try barrier.reached(by: 4)
        try proxy.beginDrain()
        #expect(!events.current.contains { $0.hasSuffix("stop") })
        barrier.open()
        for client in clients {
            let answer = try client.answer()
            #expect(answer.text == "hello")
            #expect(answer["connection"] == ["close"])
        }
        try proxy.drain()
        #expect(events.current.count == 15)
        #expect(events.current.prefix(12).allSatisfy { $0.hasSuffix("completed") })
        #expect(events.current.suffix(3) == ["c stop", "b stop", "a stop"])
    }

    @Test("plugins of a proxy that served nobody are stopped too")
    func idle() throws {
        let proxy = try RunningProxy(ProxyFile([.probe("a")], route: [.probe("b")]))
        let idle = try proxy.connect()
        try proxy.drain()
        #expect(proxy.stage.life.current == ["a start", "b start", "b stop", "a stop"])
        #expect(try idle.rest() == "")
    }

    @Test("a request that arrives in part before a drain is served in it")
    func headInPart() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(ProxyFile([.probe("a")], to: server.port))
        let client = try proxy.connect()
        try client.send("GET / HTTP/1.1\r\nHo")
        // What another connection does afterwards shows that the loop has seen it.
        #expect(try proxy.ask("GET /other").text == "hello")
        try proxy.beginDrain()
        try client.send("st: test\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.text == "hello" && answer["connection"] == ["close"])
        try proxy.drain()
    }

    @Test("an answer that the drain has no time for does not look complete, whatever frames it")
    func truncated() throws {
        let framings: [(version: String, head: String, body: String, end: ServerConnection.End)] = [
            ("1.1", "Transfer-Encoding: chunked", "5\r\nhello\r\n", .closed),
            ("1.1", "Content-Length: 9", "hello", .closed),
            // A plain close would be the proper end of this one.
            ("1.0", "Transfer-Encoding: chunked", "5\r\nhello\r\n", .reset),
        ]
        for framing in framings {
            let server = try ScriptedServer { connection in
                _ = try connection.request()
                try connection.send("HTTP/1.1 200 OK\r\n\(framing.head)\r\n\r\n\(framing.body)")
                _ = try connection.end()
            }
            var file = ProxyFile([.probe("a")], to: server.port)
            file.timeouts["drain"] = "10ms"
            let proxy = try RunningProxy(file)
            let client = try proxy.connect()
            try client.request("GET / HTTP/\(framing.version)")
            try proxy.stage.accounts.wait(for: "the first run") {
                $0.first?.responseBody("a") == [Run("hello")]
            }
            try proxy.drain()
            #expect(try !client.answer().isComplete, "\(framing)")
            try client.rest()
            #expect(client.end == framing.end, "\(framing)")
        }
    }

    @Test("an answer that is whole here but has not all left does not look complete either")
    func unsent() throws {
        // More than the kernel takes for a client that does not read.
        let body = [UInt8](repeating: 0x2E, count: 24 << 20)
        let part = Part.brief("a") {
            $0.request = { _ in .answer(Answer(body: body)) }
            $0.responseHead = { $0.response.bodyWillChange() }
        }
        for version in ["1.0", "1.1"] {
            var file = ProxyFile([part])
            file.timeouts["drain"] = "10ms"
            let proxy = try RunningProxy(file)
            let client = try proxy.connect()
            try client.request("GET / HTTP/\(version)")
            _ = try client.head()
            try proxy.drain()
            #expect(try proxy.stage.account().ending.outcome.aborted == .proxy)
            let rest = try client.remaining()
            #expect(rest.count < body.count)
            #expect(
                version == "1.0"
                    ? client.end == .reset : !rest.suffix(5).elementsEqual("0\r\n\r\n".utf8))
        }
    }

    @Test("a hook that is suspended for ever does not keep a drain from ending")
    func suspended() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let part = Part.waiting("a") {
            $0.asynchronous = { _ in
                await barrier.pass()
                return .proceed
            }
        }
        var file = ProxyFile([part], to: server.port)
        file.timeouts["drain"] = "10ms"
        let proxy = try RunningProxy(file)
        let client = try proxy.connect()
        try client.request()
        try barrier.reached()
        try proxy.drain()
        #expect(try proxy.stage.account().ending.outcome.aborted == .proxy)
        #expect(proxy.stage.life.current == ["a start", "a stop"])
        client.close()
        // Nothing of the exchange is there any more for the hook to go on with.
        barrier.open()
        #expect(server.requests.current.isEmpty)
    }
}
