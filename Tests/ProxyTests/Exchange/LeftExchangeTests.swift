import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange that goes on without its client", .timeLimit(.minutes(5)))
struct LeftExchangeTests {
    private static func finishing(_ label: String) -> Part {
        .probe(label) {
            $0.request = { exchange in
                exchange.finishesWithoutClient = true
                return .proceed
            }
        }
    }

    /// A server that sends one event, and the other when the barrier opens.
    private func server(
        _ barrier: Barrier, _ rest: @escaping @Sendable (ServerConnection) throws -> Void
    )
        throws -> ScriptedServer
    {
        try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            try barrier.block()
            try rest(connection)
        }
    }

    private func proxy(_ parts: [Part], to server: ScriptedServer) throws -> RunningProxy {
        var file = ProxyFile(parts, to: server.port)
        file.path = "/stream"
        file.timeouts = ["drain": "5s"]
        return try RunningProxy(file)
    }

    /// Leaves in the middle of the answer.
    private func leave(_ proxy: RunningProxy) throws {
        let client = try proxy.connect()
        try client.request("GET /stream")
        _ = try client.head()
        _ = try client.chunk()
        try close(client, of: proxy)
    }

    /// When this returns, the proxy has seen the client go.
    private func close(_ client: RawClient, of proxy: RunningProxy) throws {
        client.close()
        // What another connection does afterwards shows that the loop has seen it.
        #expect(try proxy.connect().ask("GET /elsewhere").status == 404)
    }

    @Test("plugins see the answer to its end, and it completes once, as one that the client left")
    func finishes() throws {
        let barrier = Barrier()
        let server = try server(barrier) { try $0.send("3\r\ntwo\r\n0\r\n\r\n") }
        let proxy = try proxy([Self.finishing("a")], to: server)
        try leave(proxy)
        barrier.open()
        let account = try proxy.stage.account(of: "/stream")
        #expect(account.responseBody("a").joined == Run("onetwo").bytes)
        #expect(account.responseBody("a").last?.isLast == true)
        let outcome = account.ending.outcome
        #expect(outcome.status == 499)
        #expect(outcome.aborted == .client)
        #expect(outcome.bytesOut == 3)
    }

    @Test("a head that comes only then is shown, too")
    func beforeHead() throws {
        let asked = Barrier()
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            asked.open()
            try barrier.block()
            try connection.answer("hello")
        }
        let proxy = try proxy([Self.finishing("a")], to: server)
        let client = try proxy.connect()
        try client.request("GET /stream")
        try asked.block()
        try close(client, of: proxy)
        barrier.open()
        let account = try proxy.stage.account(of: "/stream")
        #expect(account.responseBody("a").joined == Run("hello").bytes)
        #expect(account.ending.outcome.status == 499)
    }

    @Test("an upstream that breaks off then ends it, once")
    func broken() throws {
        let barrier = Barrier()
        let server = try server(barrier) { $0.reset() }
        let proxy = try proxy([Self.finishing("a")], to: server)
        try leave(proxy)
        barrier.open()
        let outcome = try proxy.stage.account(of: "/stream").ending.outcome
        #expect(outcome.status == 499)
        #expect(outcome.aborted == .client)
    }

    @Test("a plugin that ends the answer ends it")
    func ended() throws {
        let barrier = Barrier()
        let server = try server(barrier) { connection in
            try connection.send("3\r\ntwo\r\n")
            _ = try connection.end()
        }
        let part = Part.probe("a") {
            $0.request = { exchange in
                exchange.finishesWithoutClient = true
                return .proceed
            }
            $0.responseHead = { $0.response.bodyWillChange() }
            $0.responseBody = { _, run in run.text == "two" ? .end([]) : .pass }
        }
        let proxy = try proxy([part], to: server)
        try leave(proxy)
        barrier.open()
        #expect(try proxy.stage.account(of: "/stream").responseBody("a").text == "onetwo")
    }

    @Test("a drain waits for it")
    func drain() throws {
        let barrier = Barrier()
        let server = try server(barrier) { try $0.send("3\r\ntwo\r\n0\r\n\r\n") }
        let proxy = try proxy([Self.finishing("a")], to: server)
        try leave(proxy)
        try proxy.beginDrain()
        barrier.open()
        try proxy.drain()
        #expect(try proxy.stage.account(of: "/stream").responseBody("a").text == "onetwo")
    }

    @Test("a drain whose time is over breaks it off, and it is on record")
    func terminated() throws {
        let barrier = Barrier()
        let server = try server(barrier) { _ = try $0.end() }
        var file = ProxyFile([Self.finishing("a")], to: server.port)
        file.path = "/stream"
        file.timeouts = ["drain": "100ms"]
        let proxy = try RunningProxy(file)
        try leave(proxy)
        barrier.open()
        try proxy.drain()
        #expect(try proxy.stage.account(of: "/stream").ending.outcome.status == 499)
    }

    @Test("one whose request has not all come ends with its client")
    func halfRequest() throws {
        let server = try ScriptedServer { _ = try $0.end() }
        let proxy = try proxy([Self.finishing("a")], to: server)
        let client = try proxy.connect()
        try client.request("POST /stream", ["Content-Length: 10"])
        try client.send("123")
        try proxy.stage.await("a", "request", of: "/stream")
        client.close()
        #expect(try proxy.stage.account(of: "/stream").ending.outcome.aborted == .client)
    }
}
