import Foundation
import Testing

@testable import Proxy

@Suite("The seam: connecting", .timeLimit(.minutes(5)))
struct ConnectingTests {
    @Test("a port at which nobody listens is unreachable", arguments: TransportKind.allCases)
    func refused(_ kind: TransportKind) throws {
        let reserved = try ScriptedServer.reserve()
        defer { close(reserved) }
        let loop = try RunningLoop(kind)
        let target = Target(
            .tcp(isSecure: false, host: "127.0.0.1", port: ScriptedServer.port(of: reserved)))
        for body in [Call.Body.none, .whole("abc"), .stream(length: nil, [.bytes([65])])] {
            let call = try loop.start("POST /", [], body, to: target)
            let error = try call.failure()
            #expect(error.kind == .unreachable && !error.detail.isEmpty)
            // Another target may be tried: the body is still there.
            #expect(call.receiver.record.current.taken == 0)
        }
    }

    @Test("a unix socket that is not there is unreachable", arguments: TransportKind.allCases)
    func missingSocket(_ kind: TransportKind) throws {
        let call = try RunningLoop(kind).start(
            to: Target(.unix(path: NSTemporaryDirectory() + "/no-such-socket")))
        #expect(try call.failure().kind == .unreachable)
    }

    @Test("connecting takes no longer than it may", arguments: TransportKind.allCases)
    func connectTimeout(_ kind: TransportKind) throws {
        let silence = try SilentListener()
        let loop = try RunningLoop(kind)
        let began = ContinuousClock.now
        let target = silence.target(connectTimeout: .milliseconds(200))
        let call = try loop.start("POST /", [], .stream(length: nil, [.bytes([65])]), to: target)
        let error = try call.failure()
        let duration = ContinuousClock.now - began
        #expect(error.kind == .connectTimeout && !error.detail.isEmpty)
        #expect(duration >= .milliseconds(195) && duration < .seconds(2))
        #expect(call.receiver.record.current.taken == 0)
        try loop.turn()
        #expect(try Descriptors.connecting(to: silence.port) == silence.waiting)
    }

    @Test("the time for connecting is for TLS too", arguments: TransportKind.allCases)
    func handshakeTimeout(_ kind: TransportKind) throws {
        let ended = Watched(false)
        let server = try ScriptedServer { connection in
            _ = try connection.end()
            ended.change { $0 = true }
        }
        let target = Target(
            .tcp(isSecure: true, host: "127.0.0.1", port: server.port),
            connectTimeout: .milliseconds(200))
        let loop = try RunningLoop(kind)
        #expect(try loop.start(to: target).failure().kind == .connectTimeout)
        try ended.wait(for: "the connection's end") { $0 }
    }

    @Test("the time for connecting is for nothing else", arguments: TransportKind.allCases)
    func slowAnswer(_ kind: TransportKind) throws {
        let mayGoOn = Watched(0)
        let server = try ScriptedServer { connection in
            guard try connection.request() != nil else { return }
            try mayGoOn.wait(for: "a while") { $0 == 1 }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
            try mayGoOn.wait(for: "another while") { $0 == 2 }
            try connection.send("llo")
        }
        let loop = try RunningLoop(kind)
        let call = try loop.start(to: server.target(connectTimeout: .milliseconds(100)))
        for step in 1...2 {
            try loop.passes(.milliseconds(250))
            mayGoOn.change { $0 = step }
        }
        #expect(try call.answer().text == "hello")
    }

    @Test("a target may be a unix socket", arguments: TransportKind.allCases)
    func unixSocket(_ kind: TransportKind) throws {
        let folder = try TemporaryFolder()
        let server = try ScriptedServer(path: folder.path + "/upstream") { connection in
            while let request = try connection.request() {
                try connection.answer(request.method + request.text)
            }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        #expect(try loop.send("GET /a", to: target).text == "GET")
        #expect(try loop.send("POST /b", [], .whole("data"), to: target).text == "POSTdata")
        let stream = Call.Body.stream(length: nil, [.bytes([65, 66]), .end])
        #expect(try loop.send("PUT /c", [], stream, to: target).text == "PUTAB")
        #expect(server.connections.current.count == 1)
        #expect(
            server.requests.current.map { $0["host"] } == Array(repeating: ["localhost"], count: 3))
    }

    @Test("unix sockets are told apart by their path", arguments: TransportKind.allCases)
    func unixSockets(_ kind: TransportKind) throws {
        let folder = try TemporaryFolder()
        let servers = try ["a", "b"].map { name in
            try ScriptedServer(path: folder.path + "/" + name) { connection in
                while try connection.request() != nil { try connection.answer(name) }
            }
        }
        let loop = try RunningLoop(kind)
        let targets = servers.map { $0.target() }
        for _ in 0..<3 {
            #expect(try loop.send(to: targets[0]).text == "a")
            #expect(try loop.send(to: targets[1]).text == "b")
        }
    }

    @Test("a target may be a name", arguments: TransportKind.allCases)
    func name(_ kind: TransportKind) throws {
        let server = try ScriptedServer.answering()
        let loop = try RunningLoop(kind)
        let target = Target(.tcp(isSecure: false, host: "localhost", port: server.port))
        for _ in 0..<2 { #expect(try loop.send(to: target).text == "hello") }
        #expect(server.requests.current[0]["host"] == ["localhost:\(server.port)"])
        #expect(server.connections.current.count == 1)
    }

    // MARK: - Retiring

    @Test("idle connections to a target that is gone are closed", arguments: TransportKind.allCases)
    func retireIdle(_ kind: TransportKind) throws {
        let ended = Watched(0)
        let server = try ScriptedServer { connection in
            while try connection.request() != nil { try connection.answer("hello") }
            ended.change { $0 += 1 }
        }
        let other = try ScriptedServer.answering("other")
        let loop = try RunningLoop(kind)
        let (target, otherTarget) = (server.target(), other.target())
        let calls = try (0..<3).map { _ in try loop.start(to: target) }
        for call in calls { #expect(try call.answer().text == "hello") }
        #expect(try loop.send(to: otherTarget).text == "other")
        let opened = server.connections.current.count
        try loop.perform { loop.transport.retire(target) }
        try ended.wait(for: "the ends of all connections") { $0 == opened }
        // The same address in a new configuration, and one that did not change.
        #expect(try loop.send(to: server.target()).text == "hello")
        #expect(try loop.send(to: otherTarget).text == "other")
        #expect(other.connections.current.count == 1)
    }

    @Test(
        "a transfer to a target that is gone ends well, and its connection then goes",
        arguments: TransportKind.allCases)
    func retireBusy(_ kind: TransportKind) throws {
        let (mayAnswer, ended) = (Watched(false), Watched(false))
        let server = try ScriptedServer { connection in
            while try connection.request() != nil {
                try mayAnswer.wait(for: "leave to answer") { $0 }
                try connection.answer("hello")
            }
            ended.change { $0 = true }
        }
        let loop = try RunningLoop(kind)
        let target = server.target()
        let call = try loop.start(to: target)
        try server.requests.wait(for: "the request") { $0.count == 1 }
        try loop.perform { loop.transport.retire(target) }
        try loop.turn()
        mayAnswer.change { $0 = true }
        #expect(try call.answer().text == "hello")
        try ended.wait(for: "the connection's end") { $0 }
        // It may still be asked for by an exchange that began before.
        #expect(try loop.send(to: target).text == "hello")
    }
}
