import DemoUpstream
import Testing

@Suite struct ServerTests {
    @Test("a client that leaves a paced stream ends it and is counted")
    func leaving() throws {
        let upstream = try RunningServer()
        do {
            let client = try upstream.connect()
            try client.request("POST", "/v1/chat/completions?chunk-gap=1h", body: helloStream)
            #expect(try client.chunkAfterHead() != nil)
            #expect(try upstream.statistics()["active_streams"] == 1)
        }
        let counts = try upstream.awaitStatistics { $0["aborted_by_client"] == 1 }
        #expect(
            counts == [
                "requests": 1, "active_streams": 0, "finished_streams": 0, "aborted_by_client": 1,
            ])
    }

    @Test("a client that leaves before a late answer is counted too")
    func leavingEarly() throws {
        let upstream = try RunningServer()
        do {
            let client = try upstream.connect()
            try client.request("POST", "/v1/chat/completions?latency=1h", body: hello)
            #expect(try upstream.awaitStatistics { $0["requests"] == 1 }["requests"] == 1)
        }
        let counts = try upstream.awaitStatistics { $0["aborted_by_client"] == 1 }
        #expect(counts["aborted_by_client"] == 1)
    }

    @Test("a stream that was read to its end is found counted at once")
    func finished() throws {
        let upstream = try RunningServer()
        _ = try upstream.chat(helloStream)
        #expect(
            try upstream.statistics() == [
                "requests": 1, "active_streams": 0, "finished_streams": 1, "aborted_by_client": 0,
            ])
    }

    @Test("two hundred streams run side by side")
    func manyStreams() throws {
        let upstream = try RunningServer()
        let clients = try (0..<200).map { _ in try upstream.connect() }
        for client in clients {
            try client.request(
                "POST", "/v1/chat/completions?chunk-gap=5ms&chunks=4", body: helloStream)
        }
        for client in clients {
            #expect(try client.answer().events().count == 6)
        }
        #expect(try upstream.statistics()["finished_streams"] == 200)
    }

    @Test("a stop drops streams and idle connections, and gives the port back")
    func stop() throws {
        let server = try DemoServer(listen: "127.0.0.1:0")
        server.start()
        let idle = try RawClient(server.address)
        try idle.request("GET", "/healthz")
        _ = try idle.answer()
        let streaming = try RawClient(server.address)
        try streaming.request("POST", "/v1/chat/completions?chunk-gap=1h", body: helloStream)
        #expect(try streaming.chunkAfterHead() != nil)
        server.stop()
        server.stop()
        #expect(try idle.untilClose() == "")
        #expect(try streaming.untilClose() == "")
        let second = try DemoServer(listen: server.address)
        #expect(second.address == server.address)
        second.stop()
    }

    @Test("an address that cannot be listened on says why, and what would do")
    func addresses() throws {
        for text in ["", "9000", "127.0.0.1", "127.0.0.1:http", ":80", "::1:80", "127.0.0.1:65536"]
        {
            let error = #expect(throws: DemoServerError.self) { try DemoServer(listen: text) }
            #expect(
                error?.description == """
                    listen: expected HOST:PORT such as "127.0.0.1:9000" or "[::1]:0", found "\(text)"
                    """)
        }
        let server = try DemoServer(listen: "127.0.0.1:0")
        defer { server.stop() }
        let error = #expect(throws: DemoServerError.self) {
            try DemoServer(listen: server.address)
        }
        #expect(error?.description.contains("Address already in use") == true)
    }
}

extension RawClient {
    /// The first chunk of an answer.
    func chunkAfterHead() throws -> String? {
        _ = try head()
        return try chunk()
    }
}
