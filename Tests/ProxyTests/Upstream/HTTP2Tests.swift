import Testing

@testable import Proxy

@Suite("The seam: HTTP/2", .timeLimit(.minutes(5)))
struct HTTP2Tests {
    /// An nginx that speaks HTTP/2, with these locations and an upstream behind it.
    private func nginx(
        _ behind: ScriptedServer? = nil, listen: String = "ssl http2", _ content: String = ""
    ) throws -> Nginx {
        try Nginx(
            Nginx.Server(
                listen,
                """
                client_max_body_size 0; add_header x-connection $connection always;
                add_header x-protocol $server_protocol always;
                location /own { return 200 $request_uri; }
                location /files/ { alias ./; }
                location / { proxy_pass http://127.0.0.1:\(behind?.port ?? 1); }
                \(content)
                """))
    }

    @Test("it is spoken where both ends can", arguments: TransportKind.speakingHTTP2)
    func negotiated(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let loop = try RunningLoop(kind)
        for version in [UpstreamHTTPVersion.auto, .http2] {
            let answer = try loop.send("GET /own?a=b", to: nginx.target(version: version))
            #expect(answer.text == "/own?a=b" && answer.head?["x-protocol"] == ["HTTP/2.0"])
        }
    }

    @Test("it is not spoken where the operator says so", arguments: TransportKind.allCases)
    func refused(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let answer = try RunningLoop(kind).send("GET /own", to: nginx.target(version: .http1))
        #expect(answer.head?["x-protocol"] == ["HTTP/1.1"])
    }

    @Test(
        "it is spoken without TLS where the operator says so",
        arguments: TransportKind.speakingHTTP2)
    func priorKnowledge(_ kind: TransportKind) throws {
        let nginx = try nginx(listen: "http2")
        let target = try nginx.target(isSecure: false, version: .http2)
        let loop = try RunningLoop(kind)
        for _ in 0..<3 {
            let answer = try loop.send("GET /own", to: target)
            #expect(answer.text == "/own" && answer.head?["x-protocol"] == ["HTTP/2.0"])
        }
    }

    @Test("many transfers share one connection", arguments: TransportKind.speakingHTTP2)
    func multiplexed(_ kind: TransportKind) throws {
        let (arrived, count) = (Watched(0), 50)
        // None is answered before all are there.
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                arrived.change { $0 += 1 }
                try arrived.wait(for: "all requests") { $0 >= count }
                try connection.answer(request.target)
            }
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        let calls = try (0..<count).map { try loop.start("GET /\($0)", to: target) }
        let answers = try calls.map { try $0.answer() }
        #expect(answers.map(\.text) == (0..<count).map { "/\($0)" })
        #expect(Set(answers.map { $0.head?["x-connection"] }).count == 1)
        let later = try loop.send("GET /own", to: target)
        #expect(later.head?["x-connection"] == answers[0].head?["x-connection"])
    }

    @Test(
        "more transfers than streams are allowed all come through",
        arguments: TransportKind.speakingHTTP2)
    func fewStreams(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let nginx = try nginx(server, "http2_max_concurrent_streams 3;")
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        // Those of the first burst may be refused, because nobody knows of the bound yet.
        for line in ["GET", "POST"] {
            let calls = try (0..<30).map { try loop.start("\(line) /\($0)", to: target) }
            for call in calls { #expect(try call.answer().text == "hello") }
        }
        #expect(server.requests.current.count { $0.method == "POST" } == 30)
    }

    @Test(
        "a connection that the upstream retires loses no request",
        arguments: TransportKind.speakingHTTP2)
    func goAway(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let nginx = try nginx(server, "keepalive_requests 5;")
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        for _ in 0..<12 {
            #expect(try loop.send("POST /", [], .whole("a"), to: target).text == "hello")
        }
        for _ in 0..<3 {
            let calls = try (0..<12).map { _ in try loop.start("GET /", to: target) }
            for call in calls { #expect(try call.answer().text == "hello") }
        }
    }

    @Test(
        "the forms of answers are as in HTTP/1.1", arguments: TransportKind.speakingHTTP2)
    func forms(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                switch request.target {
                case "/204": try connection.send("HTTP/1.1 204 No\r\nx-a: 1\r\n\r\n")
                case "/304": try connection.send("HTTP/1.1 304 No\r\nETag: \"a\"\r\n\r\n")
                case "/empty": try connection.answer()
                case "/chunks":
                    try connection.send(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                    )
                default:
                    try connection.answer(
                        request.method == "HEAD" ? "" : "hello", status: "418 I",
                        fields: "Set-Cookie: a=1\r\nX-Empty:\r\nset-cookie: b=\u{E9}\r\n")
                }
            }
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        #expect(try loop.send("GET /204", to: target).status == 204)
        #expect(try loop.send("GET /304", to: target).status == 304)
        #expect(try loop.send("POST /empty", to: target).body.isEmpty)
        #expect(try loop.send("GET /chunks", to: target).text == "hello")
        #expect(try loop.send("HEAD /", to: target).body.isEmpty)
        let answer = try loop.send("BREW /", to: target)
        #expect(answer.status == 418 && answer.text == "hello")
        #expect(answer.head?["set-cookie"] == ["a=1", String(latin1: "b=\u{E9}".utf8)])
        #expect(answer.head?["x-empty"] == [""] && answer.head?.contentLength == 5)
    }

    @Test("fields and targets arrive as they were sent", arguments: TransportKind.speakingHTTP2)
    func requests(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let fields = [
            Field("Host", "api.example"), Field("X-MiXeD", "1"), Field("x-two", "a"),
            Field("x-two", "b"), Field("authorization", "Bearer a:b"), Field("x-bytes", "\u{E9}"),
            Field("content-type", "text/x"),
        ]
        let target = "/a/../b//c?d=%20&e=%zz"
        let answer = try loop.send("PATCH \(target)", fields, .whole("body"), to: nginx.target())
        #expect(answer.text == "hello")
        let request = try #require(server.requests.current.first)
        #expect(request.method == "PATCH" && request.target == target && request.text == "body")
        #expect(request["x-mixed"] == ["1"] && request["x-two"] == ["a", "b"])
        #expect(request["authorization"] == ["Bearer a:b"] && request["content-type"] == ["text/x"])
        #expect(request["x-bytes"] == [String(latin1: "\u{E9}".utf8)])
        #expect(request["content-length"] == ["4"])
        #expect(request["accept"].isEmpty && request["user-agent"].isEmpty)
    }

    @Test("bodies are streamed both ways", arguments: TransportKind.speakingHTTP2)
    func streams(_ kind: TransportKind) throws {
        let heard = Watched("")
        let server = try ScriptedServer { connection in
            guard let request = try connection.head() else { return }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            let body = try connection.body(of: request)
            heard.change { $0 = body.text }
            try connection.send("3\r\nbye\r\n0\r\n\r\n")
            _ = try connection.end()
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let call = try loop.start("POST /", [], .stream(length: nil), to: nginx.target())
        try call.wait(for: "the head and the first bytes") { $0.text == "hi" }
        try call.supply(.bytes(Array("one ".utf8)))
        try call.supply(.bytes(Array("two".utf8)))
        try call.supply(.end)
        #expect(try call.answer().text == "hibye")
        #expect(heard.current == "one two")
    }

    @Test("a large body goes up and comes back", arguments: TransportKind.speakingHTTP2)
    func large(_ kind: TransportKind) throws {
        let bytes = Pattern.bytes(4 << 20)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                try connection.send(request.body)
            }
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        for body in [Call.Body.whole(bytes), .stream(length: bytes.count, [.bytes(bytes), .end])] {
            #expect(Pattern.areEqual(try loop.send("POST /", [], body, to: target).body, bytes))
        }
    }

    @Test("fields behind the body are handed over", arguments: TransportKind.speakingHTTP2)
    func trailers(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            }
        }
        let nginx = try nginx(server, "add_trailer x-sum abc; add_trailer X-Sum \"d: e\";")
        let answer = try RunningLoop(kind).send("GET /", to: nginx.target())
        #expect(answer.text == "hello")
        #expect(answer.trailers == [Field("x-sum", "abc"), Field("x-sum", "d: e")])
    }

    @Test(
        "a stream without room holds up no other, and loses nothing",
        arguments: TransportKind.speakingHTTP2)
    func backPressure(_ kind: TransportKind) throws {
        let nginx = try nginx()
        let bytes = Pattern.bytes(8 << 20)
        try nginx.write("large", bytes)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        let held = loop.call("GET /files/large", to: target)
        held.receiver.room = 100_000
        try held.start()
        try held.wait(for: "the refusal") { $0.refusals == 1 }
        let connection = held.receiver.record.current.head?["x-connection"]
        for _ in 0..<3 {
            let answer = try loop.send("GET /own", to: target)
            #expect(answer.text == "/own" && answer.head?["x-connection"] == connection)
            #expect(Pattern.areEqual(try loop.send("GET /files/large", to: target).body, bytes))
        }
        #expect(held.receiver.record.current.refusals == 1)
        #expect(try loop.turns(in: .milliseconds(100)) < 20)
        held.receiver.onRefusal = { loop.loop.submit { try? held.makeRoom(300_000) } }
        try held.makeRoom(300_000)
        #expect(Pattern.areEqual(try held.answer().body, bytes))
    }

    @Test("a held-back stream holds its sender back", arguments: TransportKind.speakingHTTP2)
    func senderHeldBack(_ kind: TransportKind) throws {
        // More than any window and buffer between.
        let bytes = Pattern.bytes(64 << 20)
        let passed = Watched<Int?>(nil)
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\n\r\n")
            let count = connection.offer(bytes, patience: .milliseconds(200))
            passed.change { $0 = count }
            try connection.send(Array(bytes[count...]))
            _ = try connection.end()
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let call = try loop.call(to: nginx.target())
        call.receiver.room = 1
        try call.start()
        #expect(try passed.wait(for: "the sender to be held back") { $0 != nil }! < bytes.count)
        try call.makeRoom()
        #expect(Pattern.areEqual(try call.answer().body, bytes))
    }

    @Test(
        "cancelling one stream leaves the others and the connection",
        arguments: TransportKind.speakingHTTP2)
    func cancelled(_ kind: TransportKind) throws {
        let (ended, mayEnd) = (Watched(false), Watched(false))
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
                if request.target == "/cancelled" {
                    _ = try connection.end()
                    return ended.change { $0 = true }
                }
                try mayEnd.wait(for: "leave to end") { $0 }
                try connection.send("world")
            }
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        let others = try (0..<3).map { _ in try loop.start("GET /", to: target) }
        let call = try loop.start("GET /cancelled", to: target)
        for call in others + [call] { try call.wait(for: "the first half") { $0.text == "hello" } }
        try call.cancel()
        // nginx closes its upstream's connection when its client's stream is gone.
        try ended.wait(for: "the stream's end at the upstream") { $0 }
        mayEnd.change { $0 = true }
        for other in others { #expect(try other.answer().text == "helloworld") }
        let connection = others[0].receiver.record.current.head?["x-connection"]
        #expect(try loop.send("GET /own", to: target).head?["x-connection"] == connection)
        let heard = call.receiver.record.current
        #expect(heard.violations.isEmpty && heard.text == "hello" && !heard.isOver)
    }

    @Test(
        "a stream that the upstream breaks off has failed, and the others have not",
        arguments: TransportKind.speakingHTTP2)
    func brokenStream(_ kind: TransportKind) throws {
        let mayEnd = Watched(false)
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
                try mayEnd.wait(for: "leave to end") { $0 }
                if request.target == "/broken" { return connection.reset() }
                try connection.send("world")
            }
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        let broken = try loop.start("GET /broken", to: target)
        let other = try loop.start("GET /", to: target)
        for call in [broken, other] { try call.wait(for: "the first half") { $0.text == "hello" } }
        mayEnd.change { $0 = true }
        #expect(try broken.failure().kind == .broken)
        #expect(try other.answer().text == "helloworld")
    }

    @Test(
        "a body that breaks off leaves the upstream with a request that is not complete",
        arguments: TransportKind.speakingHTTP2)
    func brokenBody(_ kind: TransportKind) throws {
        let arrived = Watched(false)
        let server = try ScriptedServer { connection in
            guard let request = try connection.head() else { return }
            arrived.change { $0 = true }
            try connection.body(of: request)
        }
        let nginx = try nginx(server)
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: nil, [.bytes(Array("half".utf8))]), to: nginx.target())
        try arrived.wait(for: "the request's head") { $0 }
        try call.supply(.broken)
        #expect(try call.failure().kind == .broken)
        let requests = try server.requests.wait(for: "the request") { !$0.isEmpty }
        #expect(!requests[0].isComplete)
    }

    @Test(
        "a whole answer ends the transfer although the request's body goes on",
        arguments: TransportKind.speakingHTTP2)
    func earlyAnswer(_ kind: TransportKind) throws {
        let nginx = try nginx(nil, "location /small { return 413; }")
        let loop = try RunningLoop(kind)
        let target = try nginx.target()
        for length in [nil, 1 << 20] {
            let call = try loop.start(
                "POST /small", [], .stream(length: length, [.bytes(Pattern.bytes(100))]), to: target
            )
            let answer = try call.answer()
            #expect(answer.status == 413)
        }
        #expect(try loop.send("GET /own", to: target).text == "/own")
    }

    @Test(
        "a connection that ends takes all its streams with it",
        arguments: TransportKind.speakingHTTP2)
    func connectionEnds(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            _ = try connection.end()
        }
        var nginx: Nginx? = try nginx(server)
        let loop = try RunningLoop(kind)
        let target = try nginx!.target()
        let calls = try (0..<5).map { _ in try loop.start("GET /", to: target) }
        for call in calls { try call.wait(for: "the first half") { $0.text == "hello" } }
        nginx = nil
        for call in calls { #expect(try call.failure().kind == .broken) }
        #expect(try loop.start("GET /", to: target).failure().kind == .unreachable)
    }
}
