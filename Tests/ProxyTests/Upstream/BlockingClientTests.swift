import PluginAPI
import Testing

@testable import Proxy

@Suite("The client that blocks", .timeLimit(.minutes(5)))
struct BlockingClientTests {
    private func post(
        _ body: String, to url: String, _ fields: [(String, String)] = [],
        timeout: Duration = .seconds(10)
    ) throws -> PostAnswer {
        try post(body, with: BlockingClient(HTTPURL(url)!), fields, timeout: timeout)
    }

    private func post(
        _ body: String, with client: BlockingClient, _ fields: [(String, String)] = [],
        timeout: Duration = .seconds(10)
    ) throws -> PostAnswer {
        try Array(body.utf8).withUnsafeBufferPointer {
            try client.post($0, fields: fields, timeout: timeout)
        }
    }

    @Test("a body is posted whole, with its fields, and over one connection")
    func posts() throws {
        let server = try ScriptedServer.answering("thanks")
        let client = BlockingClient(HTTPURL("http://127.0.0.1:\(server.port)/v1/traces?team=a")!)
        let large = String(repeating: "x", count: 3_000_000)
        for body in ["{}", large, ""] {
            let answer = try post(
                body, with: client, [("content-type", "application/json"), ("x-empty", "")])
            #expect(answer.status == 200)
            #expect(answer.body == Array("thanks".utf8))
            #expect(answer.retryAfter == nil)
        }
        let requests = server.requests.current
        #expect(requests.map(\.method) == ["POST", "POST", "POST"])
        #expect(requests.map(\.target) == Array(repeating: "/v1/traces?team=a", count: 3))
        #expect(requests.map(\.body.count) == [2, 3_000_000, 0])
        #expect(requests[0]["content-type"] == ["application/json"])
        #expect(requests[0]["x-empty"] == [""])
        #expect(requests[1]["expect"] == [])
        #expect(server.connections.current.count == 1)
    }

    @Test(
        "how long the server asks to be left alone is told, in seconds, and no longer than an hour",
        arguments: [
            ("Retry-After: 30", .seconds(30)), ("retry-after:5", .seconds(5)),
            ("Retry-After: 0", .zero), ("Retry-After: 9999999", .seconds(3600)),
            ("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", nil), ("Retry-After: -1", nil),
            ("X-Retry-After: 5", nil),
        ] as [(String, Duration?)])
    func retryAfter(field: String, told: Duration?) throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.answer("", status: "503 Service Unavailable", fields: field + "\r\n")
        }
        let answer = try post("{}", to: "http://127.0.0.1:\(server.port)/")
        #expect(answer.status == 503)
        #expect(answer.retryAfter == told)
    }

    @Test("a redirect is an answer like others")
    func redirect() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.answer("", status: "307 Temporary Redirect", fields: "Location: /\r\n")
        }
        #expect(try post("{}", to: "http://127.0.0.1:\(server.port)/").status == 307)
        #expect(server.requests.current.count == 1)
    }

    @Test("of a long answer its beginning is kept")
    func bounded() throws {
        let server = try ScriptedServer.answering(String(repeating: "x", count: 200_000))
        let answer = try post("{}", to: "http://127.0.0.1:\(server.port)/")
        #expect(answer.body.count == 64 << 10)
    }

    @Test("a server that does not answer is given up")
    func silent() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            _ = try connection.end()
        }
        let error = #expect(throws: BlockingClient.Failure.self) {
            try post("{}", to: "http://127.0.0.1:\(server.port)/", timeout: .milliseconds(50))
        }
        #expect(error?.description.lowercased().contains("timed out") == true)
    }

    @Test("a server that cannot prove its name is told nothing")
    func untrusted() throws {
        let nginx = try Nginx(Nginx.Server("ssl", "location / { return 200 ok; }"))
        let error = #expect(throws: BlockingClient.Failure.self) {
            try post("secret", to: "https://127.0.0.1:\(nginx.ports[0])/")
        }
        #expect(error?.description.lowercased().contains("certificate") == true)
    }
}
