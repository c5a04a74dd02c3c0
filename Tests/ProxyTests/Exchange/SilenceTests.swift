import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: clients that are long sent nothing", .timeLimit(.minutes(5)))
struct SilenceTests {
    private static let still = Array(": still here\n\n".utf8)

    @Test("are sent a filler in a silent answer, again and again, which plugins do not see")
    func filler() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            try barrier.block()
            try connection.send("3\r\ntwo\r\n0\r\n\r\n")
        }
        let part = Part.probe("a") {
            $0.responseHead = { $0.response.filler = Filler(after: .milliseconds(10), Self.still) }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request()
        _ = try client.head()
        #expect(try client.chunk() == "one")
        for _ in 0..<3 { #expect(try client.chunk() == ": still here\n\n") }
        barrier.open()
        var rest = ""
        while !rest.hasSuffix("two") { rest += try client.chunk() }
        #expect(try proxy.stage.account().responseBody("a").text == "onetwo")
    }

    @Test("are sent none where the length has been announced")
    func announced() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            let target = try connection.request()?.target
            let framing =
                target == "/announced"
                ? "Content-Length: 6\r\n\r\none" : "Connection: close\r\n\r\n"
            try connection.send("HTTP/1.1 200 OK\r\n\(framing)")
            try barrier.block()
            try connection.send("two")
        }
        let part = Part.probe("a") {
            $0.responseHead = { $0.response.filler = Filler(after: .milliseconds(1), Self.still) }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request("GET /announced")
        _ = try client.head()
        var bytes: [UInt8] = []
        #expect(try client.read(3, into: &bytes))
        // Another client's fillers show that the time for this one's has passed.
        let other = try proxy.connect()
        try other.request()
        _ = try other.head()
        for _ in 0..<5 { _ = try other.chunk() }
        barrier.open()
        #expect(try client.read(3, into: &bytes))
        #expect(String(decoding: bytes, as: UTF8.self) == "onetwo")
    }

    private static func early(
        _ label: String, after delay: Duration,
        _ head: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) -> Part {
        .probe(label) {
            $0.responseHead = head
            $0.request = { exchange in
                exchange.earlyHead = EarlyHead(
                    after: delay, headers: [("content-type", "text/event-stream")],
                    filler: Filler(after: .milliseconds(10), still))
                return .proceed
            }
        }
    }

    @Test("are sent a head before the upstream's has come, and then its body")
    func earlyHead() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try barrier.block()
            try connection.send(
                "HTTP/1.1 201 Created\r\nX-Late: yes\r\nContent-Length: 5\r\n\r\nhello")
        }
        let committed = Watched(false)
        let part = Self.early("a", after: .milliseconds(1)) { exchange in
            let isCommitted = exchange.response.isCommitted
            committed.change { $0 = isCommitted }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request()
        let head = try client.head()
        #expect(head.status == 200)
        #expect(head["content-type"] == ["text/event-stream"])
        #expect(head["x-late"] == [])
        for _ in 0..<2 { #expect(try client.chunk() == ": still here\n\n") }
        barrier.open()
        var rest = ""
        while !rest.hasSuffix("hello") { rest += try client.chunk() }
        let account = try proxy.stage.account()
        #expect(account.ending.outcome.status == 200)
        #expect(account.responseBody("a").text == "hello")
        #expect(committed.current)
    }

    @Test("get the upstream's own head when it comes in time")
    func inTime() throws {
        let server = try ScriptedServer.answering("hello")
        let proxy = try RunningProxy(
            ProxyFile([Self.early("a", after: .seconds(30))], to: server.port))
        let answer = try proxy.connect().ask()
        #expect(answer["content-type"] == [])
        #expect(answer.text == "hello")
    }

    @Test("get an error by the body when the upstream fails behind an early head")
    func failure() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try barrier.block()
            connection.reset()
        }
        let proxy = try RunningProxy(
            ProxyFile([Self.early("a", after: .milliseconds(1))], to: server.port))
        let client = try proxy.connect()
        try client.request()
        _ = try client.head()
        _ = try client.chunk()
        barrier.open()
        var rest = ""
        while !rest.contains("upstream_broken") { rest += try client.chunk() }
        #expect(client.end == nil)
        #expect(try proxy.stage.account().ending.outcome.error != nil)
    }
}
