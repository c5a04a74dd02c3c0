import Foundation
import PluginAPI
import Testing

@testable import Proxy

@Suite("A Redis stream", .timeLimit(.minutes(1)))
struct RedisStreamTests {
    private func stream(
        _ address: RedisAddress, _ name: String = "activity", maximumLength: Int? = nil
    ) -> RedisStream {
        RedisStream(
            StateConfiguration(
                redis: address, prefix: "test:", timeout: .milliseconds(50),
                whenUnavailable: .local),
            name, maximumLength: maximumLength)
    }

    @discardableResult
    private func append(_ entries: [String], to stream: RedisStream) throws -> Int {
        let bytes = entries.map { Array($0.utf8) }
        let buffers = bytes.map { bytes in
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
            _ = copy.initialize(from: bytes)
            return UnsafeBufferPointer(copy)
        }
        defer { for buffer in buffers { buffer.deallocate() } }
        return try stream.append(buffers)
    }

    /// What the stream holds: each entry's fields.
    private func entries(_ server: RedisServer, _ key: String = "test:activity") throws
        -> [[String]]
    {
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        guard case .array(let entries) = try running.send("XRANGE", key, "-", "+") else {
            throw Failure("no stream")
        }
        return entries.map { entry in
            guard case .array(let parts) = entry, case .array(let fields)? = parts.last else {
                return []
            }
            return fields.map { if case .text(let text) = $0 { text } else { "?" } }
        }
    }

    private func records(_ texts: [String]) -> [[String]] { texts.map { ["record", $0] } }

    @Test("holds what is appended, in order, each entry with one field")
    func appends() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        let texts = (0..<300).map { "{\"number\":\($0),\"\r\n\0é\"}" }
        #expect(try append(Array(texts[..<200]), to: stream) == 200)
        #expect(try append(Array(texts[200...]), to: stream) == 100)
        #expect(try append([], to: stream) == 0)
        let latin = texts.map { String(latin1: Array($0.utf8)) }
        #expect(try entries(server) == records(latin))
        #expect(stream.name == "test:activity at 127.0.0.1:\(server.port)")
    }

    @Test("holds no more than about its length")
    func length() throws {
        let server = try RedisServer()
        let stream = stream(server.address(), maximumLength: 1000)
        for begin in stride(from: 0, to: 5000, by: 250) {
            try append((begin..<begin + 250).map(String.init), to: stream)
        }
        let entries = try entries(server)
        #expect((1000...1200).contains(entries.count))
        #expect(entries.last == ["record", "4999"])
    }

    @Test("authenticates and selects the database as the shared state does")
    func address() throws {
        let server = try RedisServer("--requirepass", "right-secret")
        try append(["a"], to: stream(server.address(password: "right-secret", database: 3)))
        let running = try RunningRedisConnection(
            server.address(user: "default", password: "right-secret", database: 3))
        try running.isReady()
        #expect(try running.send("XLEN", "test:activity") == .integer(1))
    }

    @Test("tells what is wrong, and never the password")
    func wrongPassword() throws {
        let server = try RedisServer("--requirepass", "right-secret")
        let error = #expect(throws: (any Error).self) {
            try append(["a"], to: stream(server.address(password: "wrong-secret")))
        }
        let text = "\(try #require(error))"
        #expect(text.contains("WRONGPASS"))
        #expect(!text.contains("secret"))
        let missing = #expect(throws: (any Error).self) {
            try stream(server.address()).connect()
        }
        #expect("\(try #require(missing))".contains("NOAUTH"))
    }

    @Test("is appended to again when a server that was killed is back, on its own")
    func killed() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        try append(["a"], to: stream)
        server.kill()
        for _ in 0..<2 {
            let error = #expect(throws: (any Error).self) { try append(["b"], to: stream) }
            #expect("\(try #require(error))".contains("Connection refused"))
        }
        try server.restart()
        #expect(try append(["b", "c"], to: stream) == 2)
        #expect(try entries(server) == records(["b", "c"]))
    }

    @Test("is appended to at once when the server has closed a connection that was idle")
    func closedIdle() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        try append(["a"], to: stream)
        try server.tell("CLIENT KILL TYPE normal SKIPME yes")
        #expect(try append(["b"], to: stream) == 1)
        #expect(try entries(server) == records(["a", "b"]))
    }

    @Test(
        "is given up for the time being when the server hangs, and holds each entry once afterwards"
    )
    func paused() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        try append(["a"], to: stream)
        try server.pause()
        let begun = ContinuousClock.now
        // What is sent now stays in the kernel, and the server reads it when it goes on.
        let error = #expect(throws: RedisFailure.self) { try append(["b", "c"], to: stream) }
        #expect(try #require(error) == .timedOut)
        // To connect is possible, to be answered is not.
        #expect(throws: RedisFailure.timedOut) { try append(["b", "c"], to: stream) }
        #expect(ContinuousClock.now - begun >= .seconds(2))
        server.resume()
        #expect(try append(["b", "c", "d"], to: stream) == 3)
        #expect(try append(["e"], to: stream) == 1)
        #expect(try entries(server) == records(["a", "b", "c", "d", "e"]))
    }

    @Test("holds an entry once, though it was sent before and arrives after it was sent again")
    func overtaken() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        try append(["a", "b"], to: stream)
        try append(["c", "d"], to: stream)
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        guard case .array(let marks) = try running.send("KEYS", "test:stream:*"),
            case .text(let mark)? = marks.first
        else { throw Failure("no mark") }
        #expect(mark.hasPrefix("test:stream:{test:activity}:"))
        for (first, texts) in [("1", ["a", "b"]), ("2", ["b", "c"]), ("4", ["d"])] {
            let reply = try running.send(
                "EVAL",
                [RedisStream.script, "2", "test:activity", mark, first, "0", "86400"] + texts)
            #expect(reply == .text("OK"))
        }
        #expect(try append(["e"], to: stream) == 1)
        #expect(try entries(server) == records(["a", "b", "c", "d", "e"]))
        guard case .integer(let lifetime) = try running.send("TTL", mark) else {
            throw Failure("no lifetime")
        }
        #expect((86_000...86_400).contains(lifetime))
    }

    @Test("takes entries of several writers, and goes on when the server has forgotten everything")
    func writers() throws {
        let server = try RedisServer()
        let (first, second) = (stream(server.address()), stream(server.address()))
        try append(["a"], to: first)
        try append(["b"], to: second)
        #expect(try entries(server) == records(["a", "b"]))
        try server.tell("FLUSHALL")
        try append(["c"], to: second)
        try append(["d"], to: first)
        #expect(try entries(server) == records(["c", "d"]))
    }

    @Test("tells the server's words when it refuses, and keeps the connection")
    func refused() throws {
        let server = try RedisServer()
        let stream = stream(server.address())
        try append(["a"], to: stream)
        try server.tell("CONFIG SET maxmemory 1")
        let error = #expect(throws: RedisFailure.self) { try append(["b"], to: stream) }
        #expect("\(try #require(error))".contains("OOM"))
        try server.tell("CONFIG SET maxmemory 0")
        #expect(try append(["b"], to: stream) == 1)
        #expect(try entries(server) == records(["a", "b"]))
        try server.tell("SET test:taken 1")
        let taken = self.stream(server.address(), "taken")
        let wrong = #expect(throws: RedisFailure.self) { try append(["x"], to: taken) }
        #expect("\(try #require(wrong))".contains("WRONGTYPE"))
    }

    @Test("is not waited for longer than the time to connect when the way there is blocked")
    func blocked() throws {
        let listener = try SilentListener()
        let address = RedisAddress(
            host: "127.0.0.1", port: listener.port, user: nil, password: nil, database: 0)
        let error = #expect(throws: RedisFailure.self) { try stream(address).connect() }
        #expect(try #require(error) == .away("no connection within 1000 ms"))
    }

    @Test("is not mistaken for something else that answers, however slowly")
    func strangers() throws {
        let server = try ScriptedServer { connection in
            for byte in Array("HTTP/1.1 400 Bad Request\r\n".utf8) { try connection.send([byte]) }
            _ = try connection.end()
        }
        let address = RedisAddress(
            host: "127.0.0.1", port: server.port, user: nil, password: nil, database: 0)
        let error = #expect(throws: RedisFailure.self) { try stream(address).connect() }
        #expect("\(try #require(error))".contains("Protocol error"))
    }
}
