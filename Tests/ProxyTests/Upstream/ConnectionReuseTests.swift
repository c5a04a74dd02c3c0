import Testing

@testable import Proxy

@Suite("The seam: connections that are kept", .timeLimit(.minutes(5)))
struct ConnectionReuseTests {
    @Test("one request after another uses one connection", arguments: TransportKind.allCases)
    func reuse(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let target = server.target()
        for number in 0..<20 {
            let body: Call.Body = number % 3 == 0 ? .whole("body") : .none
            #expect(try loop.send("POST /\(number)", [], body, to: target).text == "hello")
        }
        let call = try loop.start(
            "POST /", [], .stream(length: nil, [.bytes([65]), .end]), to: target)
        #expect(try call.answer().text == "hello")
        #expect(server.connections.current.count == 1)
    }

    @Test(
        "answers of every form leave a connection that can be used again",
        arguments: TransportKind.allCases)
    func reuseAfterForms(_ kind: TransportKind) throws {
        let answers = [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\n\r\n",
            "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 500 Oops\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\na",
        ]
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                try connection.send(answers[Int(request.target.dropFirst())!])
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for number in answers.indices {
            #expect(try loop.send("GET /\(number)", to: target).body.count <= 1)
        }
        #expect(server.connections.current.count == 1)
    }

    @Test(
        "a connection that the upstream will close is not used again",
        arguments: TransportKind.allCases,
        [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nconnection: x, CLOSE\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        ])
    func notKept(_ kind: TransportKind, _ answer: String) throws {
        let ended = Watched(0)
        let server = try ScriptedServer { connection in
            while try connection.request() != nil { try connection.send(answer) }
            ended.change { $0 += 1 }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for _ in 0..<3 { #expect(try loop.send(to: target).text == "hi") }
        #expect(server.connections.current.count == 3)
        try ended.wait(for: "the client's end of them") { $0 == 3 }
    }

    @Test(
        "requests at the same time have a connection each, and keep them",
        arguments: TransportKind.allCases)
    func parallel(_ kind: TransportKind) throws {
        let arrived = Watched(0)
        let count = 200
        let server = try ScriptedServer { connection in
            while let request = try connection.request() {
                arrived.change { $0 += 1 }
                try arrived.wait(for: "all requests of the round") {
                    $0 >= count * (request.target == "/second" ? 2 : 1)
                }
                try connection.answer(String(repeating: request.target, count: 1000))
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        for line in ["/first", "/second"] {
            let calls = try (0..<count).map { _ in try loop.start("GET \(line)", to: target) }
            for call in calls {
                #expect(try call.answer().text == String(repeating: line, count: 1000))
            }
            #expect(server.connections.current.count == count)
        }
        #expect(server.failures.current.isEmpty)
    }

    @Test("targets do not share connections", arguments: TransportKind.allCases)
    func targets(_ kind: TransportKind) throws {
        let servers = try ["a", "b", "c"].map { try ScriptedServer.answering($0) }
        let loop = try RunningLoop(kind)
        let targets = servers.map { $0.target() }
        for _ in 0..<5 {
            for (target, text) in zip(targets, ["a", "b", "c"]) {
                #expect(try loop.send(to: target).text == text)
            }
        }
        #expect(servers.allSatisfy { $0.connections.current.count == 1 })
    }

    // MARK: - Closed while idle

    enum Ending: CaseIterable {
        case closed, reset
    }

    @Test(
        "one that was closed while idle is replaced, and nobody sees it",
        arguments: TransportKind.allCases, Ending.allCases)
    func stale(_ kind: TransportKind, _ ending: Ending) throws {
        let (mayEnd, hasEnded) = (Watched(0), Watched(0))
        let server = try ScriptedServer { connection in
            guard try connection.request() != nil else { return }
            try connection.answer("hello")
            try mayEnd.wait(for: "the answer to have been read") { $0 > connection.number }
            if ending == .reset { connection.reset() } else { connection.close() }
            hasEnded.change { $0 += 1 }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let bodies: [Call.Body] = [
            .none, .whole("whole"), .stream(length: nil, [.bytes([65]), .end]), .none,
        ]
        for (number, body) in bodies.enumerated() {
            #expect(try loop.send("POST /", [], body, to: target).text == "hello")
            mayEnd.change { $0 = number + 1 }
            try hasEnded.wait(for: "the connection's end") { $0 == number + 1 }
        }
        #expect(server.requests.current.map(\.text) == ["", "whole", "A", ""])
        #expect(server.connections.current.count == 4)
    }

    @Test(
        "a request that may have been acted on is not sent again",
        arguments: TransportKind.allCases,
        ["POST", "PATCH", "BREW"])
    func notRepeated(_ kind: TransportKind, _ method: String) throws {
        for ending in Ending.allCases { try notRepeated(kind, method, ending) }
    }

    private func notRepeated(_ kind: TransportKind, _ method: String, _ ending: Ending) throws {
        let server = try dying(ending)
        let loop = try RunningLoop(kind)
        let target = server.target()
        #expect(try loop.send("GET /first", to: target).text == "hello")
        let call = try loop.start("\(method) /", [], .whole("abc"), to: target)
        #expect(try call.failure().kind == .broken)
        // The next one finds an upstream that lives.
        #expect(try loop.send("GET /third", to: target).text == "hello")
        #expect(server.requests.current.map(\.target) == ["/first", "/", "/third"])
    }

    @Test(
        "a request that may be repeated is, when a kept connection ended without an answer",
        arguments: TransportKind.allCases,
        ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
    func repeated(_ kind: TransportKind, _ method: String) throws {
        for ending in Ending.allCases { try repeated(kind, method, ending) }
    }

    private func repeated(_ kind: TransportKind, _ method: String, _ ending: Ending) throws {
        let server = try dying(ending)
        let loop = try RunningLoop(kind)
        let target = server.target()
        #expect(try loop.send("GET /first", to: target).text == "hello")
        let body: Call.Body = method == "PUT" ? .whole("abc") : .none
        let answer = try loop.send("\(method) /", [], body, to: target)
        #expect(answer.text == (method == "HEAD" ? "" : "hello"))
        let requests = server.requests.current
        #expect(requests.map(\.target) == ["/first", "/", "/"])
        #expect(requests[1].head == requests[2].head && requests[1].body == requests[2].body)
    }

    @Test("none is repeated on a connection of its own", arguments: TransportKind.allCases)
    func freshAndDying(_ kind: TransportKind) throws {
        let server = try ScriptedServer { connection in _ = try connection.request() }
        let call = try RunningLoop(kind).start(to: server.target())
        #expect(try call.failure().kind == .broken)
        #expect(server.requests.current.count == 1)
    }

    @Test(
        "none is repeated after a byte of an answer", arguments: TransportKind.allCases,
        ["GET", "POST"])
    func partlyAnswered(_ kind: TransportKind, _ method: String) throws {
        let server = try ScriptedServer { connection in
            guard try connection.request() != nil else { return }
            try connection.answer("hello")
            guard try connection.request() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        #expect(try loop.send(to: target).text == "hello")
        let call = try loop.start("\(method) /", to: target)
        #expect(try call.failure().kind == .broken)
        #expect(call.receiver.record.current.text == "he")
        #expect(server.requests.current.count == 2)
    }

    @Test("many kept connections may be gone at once", arguments: TransportKind.allCases)
    func allGone(_ kind: TransportKind) throws {
        let arrived = Watched(0)
        // The first eight connections serve one request each, and end at the second.
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                if connection.number < 8 {
                    arrived.change { $0 += 1 }
                    try arrived.wait(for: "all eight") { $0 >= 8 }
                    if arrived.current > 8 { return }
                }
                try connection.answer("hello")
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let calls = try (0..<8).map { _ in try loop.start(to: target) }
        for call in calls { #expect(try call.answer().text == "hello") }
        #expect(try loop.send(to: target).text == "hello")
        #expect(try loop.send(to: target).text == "hello")
    }

    /// Its first connection ends at its second request, without an answer.
    private func dying(_ ending: Ending) throws -> ScriptedServer {
        try ScriptedServer { connection in
            var served = 0
            while try connection.request() != nil {
                if connection.number == 0, served == 1 {
                    return ending == .reset ? connection.reset() : connection.close()
                }
                served += 1
                try connection.answer("hello")
            }
        }
    }
}
