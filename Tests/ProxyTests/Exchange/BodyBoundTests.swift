import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: bodies that plugins bound", .timeLimit(.minutes(5)))
struct BodyBoundTests {
    private static let chunked = ["Transfer-Encoding: chunked"]

    /// A plugin that lets bodies have so many bytes.
    private func bounding(_ label: String, _ bytes: Int, _ mode: PluginMode = .enforce) -> Part {
        .brief(label, mode) {
            $0.request = { exchange in
                exchange.request.limitBody(to: bytes, by: label)
                return .proceed
            }
        }
    }

    private func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    @Test("one that is not longer passes, and the next request on the connection has no bound left")
    func passes() throws {
        let server = try ScriptedServer.answering()
        let part = Part.brief("a") {
            $0.request = { exchange in
                if exchange.request.path == "/bound" {
                    exchange.request.limitBody(to: 4, by: "a")
                }
                return .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([part], to: server.port))
        let client = try proxy.connect()
        try client.request("POST /bound", Self.chunked)
        try client.send(chunk("12") + chunk("34") + "0\r\n\r\n")
        #expect(try client.answer().text == "hello")
        #expect(try client.ask("POST /", [], "12345").text == "hello")
        #expect(server.requests.current.map(\.body.count) == [4, 5])
    }

    @Test("more than that is refused when it comes, and none of it goes upstream")
    func whileItComes() throws {
        let begun = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try? connection.request()
        }
        let seeing = Part.probe("b") {
            $0.requestBody = { _, _ in begun.change { $0 = true } }
        }
        let proxy = try RunningProxy(ProxyFile([bounding("a", 4), seeing], to: server.port))
        let client = try proxy.connect()
        try client.request("POST /", Self.chunked)
        try client.send(chunk("1234"))
        try begun.wait(for: "the first bytes to go upstream") { $0 }
        try client.send(chunk("5"))
        let answer = try client.answer()
        #expect(answer.status == 413)
        #expect(answer.text.contains("longer than the 4 bytes that are accepted here"))
        let account = try proxy.stage.account()
        #expect(account.ending.decided == ["a refuse body_too_large"])
        #expect(account.requestBody("b").joined == Array("1234".utf8))
        #expect(account.answered == ["b", "a"])
        #expect(proxy.stage.decisions("a", "refuse", "body_too_large") == 1)
    }

    @Test("a chunk that announces too much is refused before it comes")
    func announcedChunk() throws {
        let server = try ScriptedServer { connection in _ = try? connection.request() }
        let proxy = try RunningProxy(ProxyFile([bounding("a", 4)], to: server.port))
        for (number, size) in ["5", "7fffffff", "2\r\n12\r\n3"].enumerated() {
            let client = try proxy.connect()
            try client.request("POST /\(number)", Self.chunked)
            try proxy.stage.await("a", "request", of: "/\(number)")
            try client.send(size + "\r\n")
            #expect(try client.answer().status == 413, "\(size)")
        }
    }

    @Test("a plugin that reads whole bodies is not given more than one before it bounds")
    func wholeBody() throws {
        let server = try ScriptedServer.answering()
        let proxy = try RunningProxy(
            ProxyFile([bounding("a", 4), .whole("b")], to: server.port))
        let client = try proxy.connect()
        try client.request("POST /", Self.chunked)
        try client.send(chunk("123") + chunk("45"))
        #expect(try client.answer().status == 413)
        let account = try proxy.stage.account()
        #expect(account.wholeBody("b") == nil)
        #expect(account.ending.decided == ["a refuse body_too_large"])
    }

    @Test("one that comes while a hook waits is refused then")
    func whileWaiting() throws {
        let server = try ScriptedServer.answering()
        let barrier = Barrier()
        let waiting = Part.waiting("b") {
            $0.asynchronous = { _ in
                await barrier.pass()
                return .proceed
            }
        }
        let proxy = try RunningProxy(ProxyFile([bounding("a", 4), waiting], to: server.port))
        let client = try proxy.connect()
        try client.request("POST /", Self.chunked)
        try barrier.reached()
        try client.send(chunk("12345"))
        #expect(try client.answer().status == 413)
        barrier.open()
        #expect(server.requests.current.isEmpty)
    }

    @Test("of several the least holds, and an observed one is counted once and holds nobody up")
    func several() throws {
        let server = try ScriptedServer.answering()
        let parts = [
            bounding("a", 9), bounding("b", 4, .observe), bounding("c", 6),
            bounding("d", 2, .observe),
        ]
        let proxy = try RunningProxy(ProxyFile(parts, to: server.port))
        let client = try proxy.connect()
        try client.request("POST /passes", Self.chunked)
        try client.send(chunk("12") + chunk("34") + chunk("56") + "0\r\n\r\n")
        #expect(try client.answer().text == "hello")
        #expect(
            try proxy.stage.account(of: "/passes").ending.decided == [
                "d observed body_too_large", "b observed body_too_large",
            ])
        try client.request("POST /refused", Self.chunked)
        try client.send(chunk("1234567"))
        #expect(try client.answer().status == 413)
        #expect(
            try proxy.stage.account(of: "/refused").ending.decided == [
                "d observed body_too_large", "b observed body_too_large", "c refuse body_too_large",
            ])
    }

    @Test("after the answer's head the answer is broken off")
    func afterTheHead() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.head()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
            _ = try? connection.end()
        }
        let proxy = try RunningProxy(ProxyFile([bounding("a", 4)], to: server.port))
        let client = try proxy.connect()
        try client.request("POST /", Self.chunked)
        try client.send(chunk("12"))
        #expect(try client.head().status == 200)
        try client.send(chunk("345"))
        try client.rest()
        let account = try proxy.stage.account()
        #expect(account.ending.outcome.aborted == .client)
        #expect(account.ending.decided == ["a refuse body_too_large"])
    }
}
