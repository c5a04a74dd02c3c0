import Testing

@testable import Proxy

@Suite("The seam: a request's body", .timeLimit(.minutes(5)))
struct RequestBodyTests {
    @Test(
        "a body that is there arrives with its length, whatever the method",
        arguments: TransportKind.allCases, ["POST", "PUT", "PATCH", "DELETE", "GET", "QUERY"])
    func whole(_ kind: TransportKind, _ method: String) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let answer = try loop.send("\(method) /", [], .whole("{}\r\n\u{0}"), to: server.target())
        #expect(answer.text == "hello")
        let request = try #require(server.requests.current.first)
        #expect(request.method == method && request.text == "{}\r\n\u{0}")
        #expect(request["content-length"] == ["5"])
    }

    @Test("HEAD with a body has an answer without one", arguments: TransportKind.allCases)
    func headWithBody(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            }
        }
        let loop = try RunningLoop(kind)
        let answer = try loop.send("HEAD /", [], .whole("abc"), to: server.target())
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(server.requests.current.map(\.text) == ["abc"])
    }

    @Test("a body of 8 MiB arrives whole", arguments: TransportKind.allCases)
    func large(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let bytes = Pattern.bytes(8 << 20)
        let answer = try loop.send("POST /", [], .whole(bytes), to: server.target())
        #expect(answer.text == "hello")
        #expect(server.requests.current.map(\.body) == [bytes])
    }

    @Test("a body of no bytes is announced as such", arguments: TransportKind.allCases)
    func empty(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let answer = try loop.send("POST /", [], .whole([]), to: server.target())
        #expect(answer.text == "hello")
        #expect(server.requests.current.first?["content-length"] == ["0"])
    }

    @Test("a streamed body keeps its announced length", arguments: TransportKind.allCases)
    func streamWithLength(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let call = try loop.start("POST /", [], .stream(length: 11), to: server.target())
        try call.supply(.bytes(Array("hello".utf8)))
        try call.supply(.bytes(Array(" ".utf8)), .bytes(Array("world".utf8)), .end)
        #expect(try call.answer().text == "hello")
        let request = try #require(server.requests.current.first)
        #expect(request["content-length"] == ["11"] && request["transfer-encoding"].isEmpty)
        #expect(request.text == "hello world" && request.isComplete)
    }

    @Test(
        "a streamed body of unknown length goes in chunks", arguments: TransportKind.allCases,
        ["POST", "PUT", "GET", "DELETE"])
    func streamWithoutLength(_ kind: TransportKind, _ method: String) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let call = try loop.start("\(method) /", [], .stream(length: nil), to: server.target())
        let bytes = Pattern.bytes(300_000)
        var rest = bytes[...]
        for size in [1, 15, 16, 65_535, 65_536, 65_537] {
            try call.supply(.bytes(Array(rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        try call.supply(.bytes(Array(rest)))
        try call.supply(.end)
        #expect(try call.answer().text == "hello")
        let request = try #require(server.requests.current.first)
        #expect(request.method == method && request["transfer-encoding"] == ["chunked"])
        #expect(request["content-length"].isEmpty)
        #expect(request.body == bytes && request.isComplete && request.trailers.isEmpty)
    }

    @Test("a streamed body may be there at once, or be empty", arguments: TransportKind.allCases)
    func streamAtOnce(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        for (length, text) in [(nil, "all"), (3, "all"), (nil, "")] as [(Int?, String)] {
            var supply: [RecordingReceiver.Supply] = [.end]
            if !text.isEmpty { supply.insert(.bytes(Array(text.utf8)), at: 0) }
            let answer = try loop.send(
                "POST /", [], .stream(length: length, supply), to: server.target())
            #expect(answer.text == "hello")
        }
        #expect(server.requests.current.map(\.text) == ["all", "all", ""])
        #expect(server.requests.current.allSatisfy { $0.isComplete })
    }

    @Test(
        "each run of a streamed body goes out when it is there", arguments: TransportKind.allCases)
    func streamIsNotHeldBack(_ kind: TransportKind) throws {
        let seen = Watched("")
        let server = try ScriptedServer { connection in
            guard try connection.head() != nil else { return }
            var bytes: [UInt8] = []
            for length in [1, 2, 3] {
                // A chunk's framing round each run.
                _ = try connection.read(length + 5, into: &bytes)
                let text = String(decoding: bytes, as: UTF8.self)
                seen.change { $0 = text }
            }
            try connection.answer("early")
            _ = try connection.end()
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start("POST /", [], .stream(length: nil), to: server.target())
        for (run, total) in [("a", "1\r\na\r\n"), ("bc", "2\r\nbc\r\n"), ("def", "3\r\ndef\r\n")] {
            try call.supply(.bytes(Array(run.utf8)))
            try seen.wait(for: "\(run) at the upstream") { $0.hasSuffix(total) }
        }
    }

    @Test("the fields behind a body arrive behind it", arguments: TransportKind.allCases)
    func trailers(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: nil, [.bytes(Array("data".utf8))]), to: server.target())
        try loop.perform {
            call.receiver.requestTrailers.append("x-checksum", "abc")
            call.receiver.requestTrailers.append("X-Second", "1: 2")
            call.receiver.requestTrailers.append("x-second", "3")
        }
        try call.supply(.end)
        #expect(try call.answer().text == "hello")
        let request = try #require(server.requests.current.first)
        #expect(request.text == "data" && request.isComplete)
        #expect(
            request.trailers == [
                Field("x-checksum", "abc"), Field("X-Second", "1: 2"), Field("x-second", "3"),
            ])
    }

    @Test(
        "a body that breaks off leaves the upstream with a request that is not complete",
        arguments: TransportKind.allCases, [nil, 100] as [Int?])
    func broken(_ kind: TransportKind, _ length: Int?) throws {
        let server = try ScriptedServer { connection in _ = try connection.request() }
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: length, [.bytes(Array("half".utf8))]),
            to: server.target())
        try call.wait(for: "the first half to be taken") { $0.taken == 4 }
        try call.supply(.broken)
        #expect(try call.failure().kind == .broken)
        let requests = try server.requests.wait(for: "the request") { !$0.isEmpty }
        #expect(requests[0].text == "half" && !requests[0].isComplete)
    }

    @Test("a body that is broken from the start is no request", arguments: TransportKind.allCases)
    func brokenAtOnce(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in _ = try connection.request() }
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: nil, [.broken]), to: server.target())
        #expect(try call.failure().kind == .broken)
        try loop.turn()
        #expect(server.requests.current.allSatisfy { !$0.isComplete })
    }

    @Test(
        "an upstream that does not read holds the body back, and gets all of it when it does",
        arguments: TransportKind.allCases)
    func heldBack(_ kind: TransportKind) throws {
        let mayRead = Watched(false)
        let server = try ScriptedServer { connection in
            guard let request = try connection.head() else { return }
            try mayRead.wait(for: "leave to read") { $0 }
            try connection.body(of: request)
            try connection.answer("done")
        }
        let loop = try RunningLoop(kind)
        let bytes = Pattern.bytes(64 << 10)
        let count = 512
        let call = try loop.start(
            "POST /", [],
            .stream(length: nil, Array(repeating: .bytes(bytes), count: count) + [.end]),
            to: server.target())
        // What the kernel takes for the two ends is less than this; the rest stays where it is.
        var taken = -1
        repeat {
            taken = call.receiver.record.current.taken
            try loop.turn()
        } while call.receiver.record.current.taken != taken
        #expect(taken < bytes.count * count)
        mayRead.change { $0 = true }
        #expect(try call.answer().text == "done")
        let body = server.requests.current[0].body
        #expect(body.count == bytes.count * count)
        #expect((0..<count).allSatisfy { body[($0 * bytes.count)...].starts(with: bytes) })
    }
}
