import Testing

@testable import Proxy

@Suite("The seam: cancelling", .timeLimit(.minutes(5)))
struct CancelTests {
    /// An upstream that answers `/good`, and for other requests does what it is told and then waits
    /// for the end of the connection.
    private func server(
        ended: Watched<Int>, _ script: @escaping ScriptedServer.Script
    ) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = try connection.head() {
                if request.target == "/good" {
                    try connection.answer("good")
                    continue
                }
                defer { ended.change { $0 += 1 } }
                try script(connection)
                _ = try connection.end()
                return
            }
        }
    }

    /// After a cancel: the connection is closed, the receiver hears nothing more, and the transport is
    /// as good as before.
    private func expectClosed(
        _ call: Call, _ ended: Watched<Int>, _ server: ScriptedServer, _ loop: RunningLoop,
        connections: Int = 1
    ) throws {
        let heard = call.receiver.record.current
        try ended.wait(for: "the connection's end") { $0 == connections }
        #expect(try Descriptors.areGone(to: server.port, loop))
        let target = server.target()
        let others = try (0..<3).map { _ in try loop.start("GET /good", to: target) }
        for other in others { #expect(try other.answer().text == "good") }
        let later = call.receiver.record.current
        #expect(later.violations.isEmpty && later.body.count == heard.body.count && !later.isOver)
        #expect(server.failures.current.isEmpty)
    }

    @Test("in the turn in which it was started", arguments: TransportKind.allCases)
    func atOnce(_ kind: TransportKind) throws {
        let server = try server(ended: Watched(0)) { _ in }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let calls = (0..<4).map { _ in loop.call("POST /", [], .whole("abc"), to: target) }
        try loop.perform {
            for call in calls {
                try call.start()
                try call.cancel()
                try call.cancel()
            }
        }
        let others = try (0..<4).map { _ in try loop.start("GET /good", to: target) }
        for other in others { #expect(try other.answer().text == "good") }
        for call in calls {
            let heard = call.receiver.record.current
            #expect(heard.violations.isEmpty && !heard.isOver)
        }
        #expect(server.requests.current.isEmpty && server.failures.current.isEmpty)
    }

    @Test("while connecting", arguments: TransportKind.allCases)
    func connecting(_ kind: TransportKind) throws {
        let silence = try SilentListener()
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: silence.target)
        try loop.turn()
        #expect(try Descriptors.connecting(to: silence.port) == silence.waiting + 1)
        try call.cancel()
        try loop.turn()
        #expect(try Descriptors.connecting(to: silence.port) == silence.waiting)
        let heard = call.receiver.record.current
        #expect(heard.violations.isEmpty && !heard.isOver)
    }

    @Test("in the middle of the TLS handshake", arguments: TransportKind.allCases)
    func handshaking(_ kind: TransportKind) throws {
        let (begun, ended) = (Watched(false), Watched(false))
        let server = try ScriptedServer { connection in
            var bytes: [UInt8] = []
            _ = try connection.read(1, into: &bytes)
            begun.change { $0 = true }
            _ = try connection.end()
            ended.change { $0 = true }
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            to: Target(
                .tcp(isSecure: true, host: "127.0.0.1", port: server.port),
                connectTimeout: .seconds(60)))
        try begun.wait(for: "the handshake to begin") { $0 }
        try call.cancel()
        try ended.wait(for: "the connection's end") { $0 }
        #expect(try Descriptors.areGone(to: server.port, loop))
        let heard = call.receiver.record.current
        #expect(heard.violations.isEmpty && !heard.isOver)
    }

    @Test("while waiting for the head", arguments: TransportKind.allCases)
    func waiting(_ kind: TransportKind) throws {
        let (arrived, ended) = (Watched(false), Watched(0))
        let server = try server(ended: ended) { _ in arrived.change { $0 = true } }
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: server.target())
        try arrived.wait(for: "the request") { $0 }
        try call.cancel()
        try expectClosed(call, ended, server, loop)
    }

    @Test("inside the head", arguments: TransportKind.allCases)
    func insideHead(_ kind: TransportKind) throws {
        let (sent, ended) = (Watched(false), Watched(0))
        let server = try server(ended: ended) { connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-")
            sent.change { $0 = true }
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: server.target())
        try sent.wait(for: "a part of the head") { $0 }
        try loop.turn()
        try call.cancel()
        try expectClosed(call, ended, server, loop)
    }

    @Test(
        "in the middle of the body", arguments: TransportKind.allCases,
        ["Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"])
    func insideBody(_ kind: TransportKind, _ answer: String) throws {
        let ended = Watched(0)
        let server = try server(ended: ended) { connection in
            try connection.send("HTTP/1.1 200 OK\r\n" + answer)
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: server.target())
        try call.wait(for: "the first bytes") { $0.text == "hello" }
        try call.cancel()
        try expectClosed(call, ended, server, loop)
    }

    @Test("while the upstream sends as fast as it can", arguments: TransportKind.allCases)
    func fastBody(_ kind: TransportKind) throws {
        let ended = Watched(0)
        let server = try server(ended: ended) { connection in
            try connection.send("HTTP/1.1 200 OK\r\n\r\n")
            let bytes = [UInt8](repeating: 65, count: 65536)
            while connection.offer(bytes, patience: .seconds(5)) == bytes.count {}
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: server.target())
        try call.wait(for: "some of it") { $0.body.count > 100_000 }
        try call.cancel()
        try expectClosed(call, ended, server, loop)
    }

    @Test("while there is no room", arguments: TransportKind.allCases)
    func heldBack(_ kind: TransportKind) throws {
        let ended = Watched(0)
        let server = try server(ended: ended) { connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        }
        let loop = try RunningLoop(kind)
        let call = loop.call(to: server.target())
        call.receiver.room = 0
        try call.start()
        try call.wait(for: "the refusal") { $0.refusals == 1 }
        try loop.perform {
            // Resumed and cancelled before it could go on.
            try call.makeRoom()
            try call.cancel()
        }
        try expectClosed(call, ended, server, loop)
        // Too late to mean anything.
        try call.makeRoom()
        try call.supply()
        try loop.turn()
        #expect(call.receiver.record.current.violations.isEmpty)
    }

    @Test(
        "while the request's body is on its way", arguments: TransportKind.allCases,
        [nil, 1 << 30] as [Int?])
    func sending(_ kind: TransportKind, _ length: Int?) throws {
        let ended = Watched(0)
        let server = try server(ended: ended) { _ in }
        let loop = try RunningLoop(kind)
        let call = try loop.start(
            "POST /", [], .stream(length: length, [.bytes([65, 66])]), to: server.target())
        try call.wait(for: "the first bytes to be taken") { $0.taken == 2 }
        try loop.turn()
        try call.cancel()
        try expectClosed(call, ended, server, loop)
    }

    @Test("while the upstream does not take the request's body", arguments: TransportKind.allCases)
    func blockedSending(_ kind: TransportKind) throws {
        let (arrived, mayEnd) = (Watched(false), Watched(false))
        let ended = Watched(0)
        let server = try server(ended: ended) { connection in
            arrived.change { $0 = true }
            try mayEnd.wait(for: "the cancel") { $0 }
            // What was in the kernel already; nothing of it is what stands there now.
            let areScribbled = Call.areScribbled(connection.rest())
            #expect(!areScribbled)
        }
        let loop = try RunningLoop(kind)
        let bytes = [UInt8](repeating: 65, count: 16 << 20)
        let call = try loop.start("POST /", [], .whole(bytes), to: server.target())
        try arrived.wait(for: "the head") { $0 }
        try loop.turn()
        try call.cancel()
        mayEnd.change { $0 = true }
        try expectClosed(call, ended, server, loop)
    }

    @Test("after the end it means nothing", arguments: TransportKind.allCases)
    func afterTheEnd(_ kind: TransportKind) throws {
        let server = try server(ended: Watched(0)) { _ in }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let call = try loop.start("GET /good", to: target)
        #expect(try call.answer().text == "good")
        try call.cancel()
        let refused = try loop.start(to: Target(.unix(path: "/nonexistent/socket")))
        #expect(try refused.failure().kind == .unreachable)
        try refused.cancel()
        let others = try (0..<3).map { _ in try loop.start("GET /good", to: target) }
        for other in others { #expect(try other.answer().text == "good") }
        #expect(call.receiver.record.current.violations.isEmpty)
        #expect(refused.receiver.record.current.violations.isEmpty)
    }
}
