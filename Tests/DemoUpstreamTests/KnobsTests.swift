import Testing

@Suite struct KnobsTests {
    let upstream: RunningServer

    init() throws {
        upstream = try RunningServer()
    }

    @Test("latency holds the answer back, by header or by query")
    func latency() throws {
        for (target, headers) in [
            ("/healthz?latency=60ms", []), ("/healthz", ["X-Demo-Latency: 60ms"]),
        ] {
            let start = ContinuousClock.now
            #expect(try upstream.answer("GET", target, headers: headers).status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(60))
        }
    }

    @Test("an event leaves when it is due, and does not wait for the next")
    func chunkGap() throws {
        let client = try upstream.connect()
        // The second event is due long after the test's patience: reading the first proves the point.
        try client.request(
            "POST", "/v1/chat/completions?chunk-gap=1h", body: helloStream)
        #expect(try client.head().status == 200)
        let first = try event(try #require(try client.chunk()))
        #expect(try first.choice().at("delta", "role") as? String == "assistant")
    }

    @Test("the gap lies between every two events")
    func pace() throws {
        let start = ContinuousClock.now
        let answer = try upstream.chat(
            helloStream, headers: ["x-demo-chunk-gap: 20ms", "x-demo-chunks: 3"])
        // The opening, three pieces, the end of the text, and [DONE] have five gaps between them.
        #expect(try answer.events().count == 5)
        #expect(ContinuousClock.now - start >= .milliseconds(100))
    }

    @Test("chunks sets the number of pieces, plain and streamed", arguments: [0, 1, 3, 30])
    func chunks(count: Int) throws {
        let plain = try upstream.chat(hello, headers: ["x-demo-chunks: \(count)"]).object()
        #expect(plain.at("usage", "completion_tokens") as? Int == count)
        let stream = try upstream.chat(helloStream, headers: ["x-demo-chunks: \(count)"])
        #expect(try stream.events().count == count + 2)
    }

    @Test("an error rate of 1 fails every request, one of 0 none")
    func errorRate() throws {
        let failed = try upstream.chat(hello, headers: ["x-demo-error-rate: 1"])
        #expect(failed.status == 500)
        #expect(try failed.error()["type"] as? String == "server_error")
        #expect(try upstream.chat(hello, headers: ["x-demo-error-rate: 0"]).status == 200)
    }

    @Test("an error rate between fails its share")
    func errorShare() throws {
        let client = try upstream.connect()
        var failed = 0
        for _ in 0..<400 {
            try client.request("GET", "/healthz?error-rate=0.5")
            if try client.answer().status == 500 { failed += 1 }
        }
        // Beyond six standard deviations (10 each) lies less than one run in 500 million.
        #expect((140...260).contains(failed))
    }

    @Test(
        "a forced status from 400 on is an error in the API's form",
        arguments: [
            (429, "rate_limit_exceeded"), (401, "invalid_api_key"), (503, nil),
        ] as [(Int, String?)])
    func forcedError(status: Int, code: String?) throws {
        let answer = try upstream.chat(helloStream, headers: ["x-demo-status: \(status)"])
        #expect(answer.status == status)
        #expect(try answer.error()["code"] as? String == code)
        #expect(answer["retry-after"] == (status == 429 ? "1" : nil))
    }

    @Test("a forced success keeps the answer, and 204 and 304 have no body")
    func forcedSuccess() throws {
        let created = try upstream.chat(hello, headers: ["x-demo-status: 201"])
        #expect(created.status == 201)
        #expect(try created.object()["object"] as? String == "chat.completion")
        let client = try upstream.connect()
        for status in [204, 304, 200] {
            try client.request("GET", "/healthz?status=\(status)")
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect((answer["content-length"] == nil) == (status != 200))
        }
    }

    @Test("a stream is dropped after the pieces asked for, without its end", arguments: [0, 2, 12])
    func abortedStream(pieces: Int) throws {
        let client = try upstream.connect()
        try client.request(
            "POST", "/v1/chat/completions?abort-after=\(pieces)", body: helloStream)
        #expect(try client.head().status == 200)
        for _ in 0..<(pieces + 1) { #expect(try client.chunk() != nil) }
        #expect(try client.untilClose() == "")
        let counts = try upstream.awaitStatistics { $0["active_streams"] == 0 }
        #expect(counts["finished_streams"] == 0)
        #expect(counts["aborted_by_client"] == 0)
    }

    @Test("a plain answer is dropped in the middle of its body")
    func abortedAnswer() throws {
        let client = try upstream.connect()
        try client.request("POST", "/v1/chat/completions?abort-after=0", body: hello)
        let head = try client.head()
        let length = try #require(head["content-length"].flatMap { Int($0) })
        #expect(try client.untilClose().utf8.count == length / 2)
    }

    @Test("a dropped HTTP/1.0 stream is reset, so that it does not look complete")
    func abortedOldStream() throws {
        let client = try upstream.connect()
        try client.send(
            """
            POST /v1/chat/completions?abort-after=1 HTTP/1.0\r
            Content-Length: \(helloStream.utf8.count)\r\n\r\n\(helloStream)
            """)
        #expect(throws: Failure.self) { try client.untilClose() }
    }

    @Test(
        "a knob that cannot be read is refused by name",
        arguments: [
            "latency=20", "latency=-1s", "latency=25h", "chunk-gap=fast", "chunks=-1",
            "chunks=2000000",
            "error-rate=1.5", "error-rate=nan", "status=199", "status=600", "abort-after=x",
        ])
    func mistakes(query: String) throws {
        let answer = try upstream.answer("GET", "/healthz?\(query)")
        #expect(answer.status == 400)
        let name = try #require(query.split(separator: "=").first.map(String.init))
        #expect(try answer.error()["param"] as? String == name)
        #expect((try answer.error()["message"] as? String)?.contains("expected") == true)
    }

    @Test("a header field wins over the query")
    func precedence() throws {
        let answer = try upstream.answer(
            "GET", "/healthz?status=503", headers: ["x-demo-status: 418"])
        #expect(answer.status == 418)
    }
}
