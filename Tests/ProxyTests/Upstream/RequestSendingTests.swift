import Testing

@testable import Proxy

@Suite("The seam: a request on its way", .timeLimit(.minutes(5)))
struct RequestSendingTests {
    /// What the upstream got of a request.
    private func sent(
        _ kind: TransportKind, _ line: String, _ fields: [Field] = [], _ body: Call.Body = .none
    ) throws -> ReceivedRequest {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let answer = try loop.send(line, fields, body, to: server.target())
        // The answer to HEAD is the head alone.
        #expect(answer.status == 200 && answer.text == (line.hasPrefix("HEAD") ? "" : "hello"))
        let requests = server.requests.current
        #expect(requests.count == 1 && requests[0].isComplete && server.failures.current.isEmpty)
        return try #require(requests.first)
    }

    @Test("a small GET is its head and nothing else", arguments: TransportKind.allCases)
    func smallGet(_ kind: TransportKind) throws {
        let request = try sent(
            kind, "GET /v1/models?limit=3", [Field("Host", "api.example"), Field("x-team", "a")])
        #expect(
            request.head
                == "GET /v1/models?limit=3 HTTP/1.1\r\nHost: api.example\r\nx-team: a\r\n\r\n")
        #expect(request.body.isEmpty)
    }

    @Test(
        "every method arrives as it was asked, without a body of its own",
        arguments: TransportKind.allCases,
        [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND",
            "M-SEARCH", "get",
        ])
    func methods(_ kind: TransportKind, _ method: String) throws {
        let request = try sent(kind, "\(method) /x")
        #expect(request.method == method)
        #expect(request.body.isEmpty)
        #expect(request["transfer-encoding"].isEmpty)
        // RFC 9110 §8.6: announced where the method is made for a body, and only there.
        let announces = ["POST", "PUT", "PATCH"].contains(method)
        #expect(request["content-length"] == (announces ? ["0"] : []))
    }

    @Test(
        "the target arrives byte for byte", arguments: TransportKind.allCases,
        [
            "/", "/a/../b/./c//d", "/%7Euser/%2e%2E/%zz%", "/a?b=c&d=%20+%", "/?", "/??a?",
            "/a:b@c;d=e,f!$'()*[]^`{|}~\\\"<>", "//host/path", "/http://other.example/x",
        ])
    func targets(_ kind: TransportKind, _ target: String) throws {
        let request = try sent(kind, "GET \(target)")
        #expect(request.target == String(latin1: target.utf8))
    }

    @Test("a very long target arrives whole", arguments: TransportKind.allCases)
    func longTarget(_ kind: TransportKind) throws {
        let target = "/" + String(repeating: "0123456789abcdef", count: 1000)
        #expect(try sent(kind, "GET \(target)").target == target)
    }

    @Test("OPTIONS may ask for the asterisk", arguments: TransportKind.allCases)
    func asterisk(_ kind: TransportKind) throws {
        #expect(try sent(kind, "OPTIONS *").target == "*")
    }

    @Test(
        "fields keep their order, repetitions, case, bytes and empty values",
        arguments: TransportKind.allCases)
    func fields(_ kind: TransportKind) throws {
        let fields = [
            Field("Host", "api.example:8080"), Field("X-MiXeD", "1"), Field("cookie", "a=b"),
            Field("x-empty", ""), Field("Cookie", "c=d; e=\"f\""), Field("x-mixed", "2"),
            Field("accept-encoding", "gzip, br"), Field("Authorization", "Bearer a:b;c"),
            Field("X-Colons", "a: b: c;"), Field("x-semicolon", ";"), Field("X-Empty", ""),
            Field("Referer", "http://x/"), Field("range", "bytes=0-1"),
            Field("x-spaces", "a  b\tc"), Field("x-bytes", "\u{E9}\u{1F642}"),
            Field("te-not", "trailers"), Field("x-last", "1"),
        ]
        let request = try sent(kind, "GET /", fields)
        #expect(
            request.fields == fields.map { Field($0.name, String(latin1: $0.value.utf8)) })
    }

    @Test("two hundred fields and a value of 60 KiB arrive", arguments: TransportKind.allCases)
    func manyFields(_ kind: TransportKind) throws {
        var fields = [Field("Host", "a")]
        fields += (0..<200).map { Field("x-field-\($0)", String(repeating: "v", count: $0)) }
        fields.append(Field("x-long", String(repeating: "0123456789", count: 6000)))
        #expect(try sent(kind, "GET /", fields).fields == fields)
    }

    @Test(
        "a field that the client did not send is not sent, one that it did is sent as it is",
        arguments: TransportKind.allCases)
    func nothingIsAdded(_ kind: TransportKind) throws {
        let bare = try sent(kind, "POST /", [Field("Host", "a")], .whole("x"))
        #expect(bare.fields == [Field("Host", "a"), Field("Content-Length", "1")])
        let own = [
            Field("Host", "a"), Field("ACCEPT", "*/*"), Field("content-type", "text/x"),
            Field("user-agent", "t"),
        ]
        let full = try sent(kind, "POST /", own, .whole("x"))
        #expect(full.fields.filter { $0.name != "Content-Length" } == own)
    }

    @Test("one request leaves nothing behind for the next", arguments: TransportKind.allCases)
    func nothingIsLeftBehind(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let target = server.target()
        _ = try loop.send(
            "POST /long/target?query", [Field("Content-Type", "a"), Field("X-A", "b")],
            .whole("body"), to: target)
        #expect(try loop.send("HEAD /h", to: target).text == "")
        #expect(try loop.send("GET /", to: target).text == "hello")
        #expect(try loop.send("BREW /tea", [], .whole("leaves"), to: target).text == "hello")
        #expect(try loop.send("HEAD /", to: target).text == "")
        #expect(try loop.send("PUT /p", to: target).text == "hello")
        #expect(try loop.send("GET /", to: target).text == "hello")
        let host = "Host: 127.0.0.1:\(server.port)\r\n"
        #expect(
            server.requests.current.map { $0.head + $0.text }.dropFirst() == [
                "HEAD /h HTTP/1.1\r\n\(host)\r\n",
                "GET / HTTP/1.1\r\n\(host)\r\n",
                "BREW /tea HTTP/1.1\r\n\(host)Content-Length: 6\r\n\r\nleaves",
                "HEAD / HTTP/1.1\r\n\(host)\r\n",
                "PUT /p HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n",
                "GET / HTTP/1.1\r\n\(host)\r\n",
            ])
    }
}
