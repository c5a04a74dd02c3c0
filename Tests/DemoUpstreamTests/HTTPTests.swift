import Testing

@Suite struct HTTPTests {
    let upstream: RunningServer

    init() throws {
        upstream = try RunningServer()
    }

    @Test("a connection serves request after request, pipelined ones and streams too")
    func keepAlive() throws {
        let client = try upstream.connect()
        try client.request("GET", "/healthz")
        try client.request("POST", "/v1/chat/completions", body: helloStream)
        try client.request("GET", "/v1/models")
        #expect(try client.answer().body == #"{"status":"ok"}"#)
        #expect(try client.answer().chunks.last == "data: [DONE]\n\n")
        #expect(try client.answer().object()["object"] as? String == "list")
    }

    @Test("Connection: close is answered in kind, and the connection closes")
    func close() throws {
        let client = try upstream.connect()
        try client.request("GET", "/healthz", headers: ["Connection: close"])
        #expect(try client.answer()["connection"] == "close")
        #expect(try client.untilClose() == "")
    }

    @Test("HTTP/1.0 closes after the answer, unless keep-alive was asked for")
    func oldVersion() throws {
        let client = try upstream.connect()
        try client.send("GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        #expect(try client.answer()["connection"] == "keep-alive")
        try client.send("GET /healthz HTTP/1.0\r\n\r\n")
        #expect(try client.answer()["connection"] == "close")
        #expect(try client.untilClose() == "")
    }

    @Test("an HTTP/1.0 stream has no chunks and ends with the connection")
    func oldStream() throws {
        let client = try upstream.connect()
        try client.send(
            """
            POST /v1/chat/completions HTTP/1.0\r
            Connection: keep-alive\r
            Content-Length: \(helloStream.utf8.count)\r\n\r\n\(helloStream)
            """)
        let answer = try client.answer()
        #expect(answer["transfer-encoding"] == nil)
        #expect(try answer.events().count == 14)
    }

    @Test("HEAD is answered as GET is, without the body")
    func head() throws {
        for target in ["/healthz", "/v1/models", "/v1/models/m", "/demo/stats"] {
            let client = try upstream.connect()
            try client.request("GET", target)
            let get = try client.answer()
            try client.request("HEAD", target)
            let head = try client.answer(to: "HEAD")
            #expect(head.status == 200)
            #expect(head["content-length"] == get["content-length"])
            try client.request("GET", "/healthz")
            #expect(try client.answer().status == 200)
        }
    }

    @Test("a chunked body is read like any other, with extensions and trailers")
    func chunkedBody() throws {
        let client = try upstream.connect()
        let (first, second) = (hello.prefix(10), hello.dropFirst(10))
        try client.send(
            """
            POST /v1/chat/completions HTTP/1.1\r
            Host: demo\r
            Transfer-Encoding: chunked\r
            \r
            A;note=1\r\n\(first)\r
            \(String(second.utf8.count, radix: 16))\r\n\(second)\r
            0\r
            Checksum: 7\r\n\r\n
            """)
        #expect(try client.answer().status == 200)
        try client.request("GET", "/healthz")
        #expect(try client.answer().status == 200)
    }

    @Test("a client that waits for 100 Continue gets it before it sends the body")
    func expectation() throws {
        let client = try upstream.connect()
        try client.send(
            """
            POST /v1/chat/completions HTTP/1.1\r
            Host: demo\r
            Expect: 100-continue\r
            Content-Length: \(hello.utf8.count)\r\n\r\n
            """)
        #expect(try client.head().status == 100)
        try client.send(hello)
        #expect(try client.answer().status == 200)
    }

    @Test("a request's id comes back, also with an error")
    func requestID() throws {
        for target in ["/healthz", "/nowhere"] {
            let answer = try upstream.answer("GET", target, headers: ["X-Request-ID: a-7"])
            #expect(answer["x-request-id"] == "a-7")
        }
        #expect(try upstream.answer("GET", "/healthz")["x-request-id"] == nil)
    }

    @Test("what is not there is 404, and a wrong method is 405 with the right one")
    func routes() throws {
        #expect(try upstream.answer("GET", "/v1").error()["code"] as? String == "unknown_url")
        #expect(try upstream.answer("POST", "/", body: "{}").status == 404)
        #expect(try upstream.answer("GET", "/v1/models/missing").status == 404)
        #expect(try upstream.answer("GET", "/v1/models/any").object()["id"] as? String == "any")
        let wrong = try upstream.answer("GET", "/v1/chat/completions")
        #expect(wrong.status == 405)
        #expect(wrong["allow"] == "POST")
    }

    @Test("a target in absolute form is understood")
    func absoluteTarget() throws {
        #expect(try upstream.answer("GET", "http://demo/healthz?status=201").status == 201)
    }

    @Test(
        "a request that breaks HTTP is answered, and the connection closes",
        arguments: [
            ("GET /healthz\r\n\r\n", 400),
            ("GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("G@T /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET /healthz HTTP/1.1\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\nHost: a\n\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nname : value\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nname: one\r\n two\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nname: a\rb\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                400
            ),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nx: \(String(repeating: "y", count: 65536))\r\n\r\n",
                431
            ),
            (
                "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 67108865\r\n\r\n",
                413
            ),
        ])
    func violations(request: String, status: Int) throws {
        let client = try upstream.connect()
        try client.send(request)
        let answer = try client.answer()
        #expect(answer.status == status)
        #expect(answer["connection"] == "close")
        #expect(try answer.error()["type"] as? String == "invalid_request_error")
        #expect(try client.untilClose() == "")
    }
}
