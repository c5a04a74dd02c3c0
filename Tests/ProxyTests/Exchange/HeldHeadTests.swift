import PluginAPI
import Testing

@testable import Proxy

@Suite("An exchange: a head that waits for its body", .timeLimit(.minutes(5)))
struct HeldHeadTests {
    /// Writes what it has seen of the body into the head, where that can still be changed.
    private static func counting(_ label: String, upTo bound: Int) -> Part {
        .probe(label) {
            $0.responseHead = { $0.response.holdHead(atMost: bound) }
            $0.responseBody = { exchange, run in
                exchange[seen, default: 0] += run.bytes.count
                if run.isLast, exchange.response.headIsHeld {
                    exchange.response.headers.set(
                        "x-seen", to: "\(exchange[seen, default: 0])")
                }
                return .pass
            }
        }
    }

    private static let seen = Fact<Int>("seen")

    @Test(
        "is sent with what the body's phases added, and the body is whole",
        arguments: [
            "Content-Length: 10\r\n\r\nfirstother",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n5\r\nother\r\n0\r\n\r\n",
            "Connection: close\r\n\r\nfirstother",
        ])
    func held(rest: String) throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\n" + rest)
        }
        let proxy = try RunningProxy(
            ProxyFile([Self.counting("a", upTo: 10)], to: server.port))
        let answer = try proxy.connect().ask()
        #expect(answer["x-seen"] == ["10"])
        #expect(answer.text == "firstother")
        #expect(answer.isComplete)
        #expect(try proxy.stage.account().ending.outcome.bytesOut == 10)
    }

    @Test("is not held where the announced body is longer than the bound")
    func tooLong() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            try barrier.block()
            try connection.send("other")
        }
        let proxy = try RunningProxy(ProxyFile([Self.counting("a", upTo: 9)], to: server.port))
        let client = try proxy.connect()
        try client.request()
        let head = try client.head()
        barrier.open()
        var body: [UInt8] = []
        #expect(try client.read(10, into: &body))
        #expect(head["x-seen"] == [])
        #expect(String(decoding: body, as: UTF8.self) == "firstother")
    }

    @Test("goes out when the body proves longer than the bound, with all that was held")
    func overflow() throws {
        let barrier = Barrier()
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.send("5\r\nfirst\r\n")
            try connection.send("5\r\nother\r\n")
            try barrier.block()
            try connection.send("4\r\nlast\r\n0\r\n\r\n")
        }
        let proxy = try RunningProxy(ProxyFile([Self.counting("a", upTo: 7)], to: server.port))
        let client = try proxy.connect()
        try client.request()
        // Comes while the upstream still waits.
        let head = try client.head()
        barrier.open()
        #expect(head["x-seen"] == [])
        var text = ""
        while text.utf8.count < 14 { text += try client.chunk() }
        #expect(text == "firstotherlast")
    }

    @Test("gives way to an error when the upstream breaks off")
    func broken() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            connection.reset()
        }
        let proxy = try RunningProxy(ProxyFile([Self.counting("a", upTo: 10)], to: server.port))
        let answer = try proxy.connect().ask()
        #expect(answer.status == 502)
        #expect(answer.isComplete)
        #expect(!answer.text.contains("first"))
    }

    @Test("of an answer without a body goes out at once")
    func bodiless() throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }
        let proxy = try RunningProxy(ProxyFile([Self.counting("a", upTo: 10)], to: server.port))
        let client = try proxy.connect()
        #expect(try client.ask().status == 204)
        #expect(try client.ask("HEAD /").status == 204)
    }
}
