import Glibc
import PluginAPI
import Testing

@testable import Proxy

/// Everything that can happen to a server and to the way to it.
@Suite("A Redis server that goes away", .timeLimit(.minutes(1)))
struct RedisAwayTests {
    @Test("fails what waits, each once, when it is killed, and is used again when it is back")
    func killed() throws {
        let server = try RedisServer()
        let script = RedisScript(source: "return redis.call('incr', KEYS[1])")
        let running = try RunningRedisConnection(server.address(), scripts: [script])
        try running.isReady()
        try server.pause()
        let replies = try running.sendMany(100) { _ in ("INCR", RedisArguments([[0x6B]])) }
        try running.thread.turn()
        server.kill()
        let failed = try replies.all()
        #expect(failed.allSatisfy { $0.count == 1 && $0[0].isAway })
        #expect(try running.send("PING").isAway)
        #expect(try running.evaluate(script, "key").isAway)

        try server.restart()
        try running.isReady()
        #expect(try running.evaluate(script, "key") == .integer(1))
        let changes = running.changes.current
        #expect(changes.count == 3 && changes[1].isAway)
        #expect(replies.current.allSatisfy { $0.count == 1 })
    }

    @Test("is noticed when it ends while nothing is asked")
    func killedIdle() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        server.kill()
        let why = try running.isAway()
        #expect(why.hasPrefix("127.0.0.1:\(server.port): "))
        try server.restart()
        try running.isReady()
    }

    @Test("makes nobody wait longer than the time-out and 5 ms when it hangs")
    func paused() throws {
        let timeout = Duration.milliseconds(50)
        let server = try RedisServer()
        let running = try RunningRedisConnection(
            server.address(), timeout: timeout, connectTimeout: .milliseconds(300))
        try running.isReady()
        try server.pause()

        let thread = running.thread
        let waits = Watched<[Duration]>([])
        let replies = Watched<[ReceivedReply]>([])
        let failedBeforeBound = Watched<Bool?>(nil)
        func ask() {
            let asked = thread.loop.time.monotonic
            running.connection.send("INCR", RedisArguments([[0x6B]])) { result in
                waits.change { $0.append(thread.loop.time.monotonic - asked) }
                replies.change { $0.append(ReceivedReply(result)) }
            }
        }
        // A timer of the same loop: a loaded machine delays both, and not their order.
        let bound = Bell { failedBeforeBound.change { $0 = waits.current.count == 2 } }
        let second = Bell { ask() }
        try thread.perform {
            ask()
            let now = thread.loop.time.monotonic
            thread.loop.timers.set(bound.timer, at: now + timeout + .milliseconds(5))
            thread.loop.timers.set(second.timer, at: now + .milliseconds(20))
        }
        #expect(try failedBeforeBound.wait(for: "the bound") { $0 != nil } == true)
        #expect(replies.current == [.failure(.timedOut), .failure(.timedOut)])
        print("with a time-out of \(timeout), the failures came after \(waits.current)")
        #expect(
            try #require(waits.current.first) >= timeout - .nanoseconds(2 * Int64(TimerWheel.tick)))
        #expect(
            running.changes.current == [
                .ready, .away("127.0.0.1:\(server.port): no answer within 50 ms"),
            ])

        server.resume()
        try running.isReady()
        // The late answers have reached nobody.
        guard case .integer = try running.send("INCR", "k") else {
            Issue.record("the server does not answer")
            return
        }
        #expect(replies.current.count == 2)
    }

    @Test("is told once, however often it is tried in vain")
    func refused() throws {
        // Nobody listens at this port, and nobody else gets it.
        let reserved = try ScriptedServer.reserve()
        defer { close(reserved) }
        let port = ScriptedServer.port(of: reserved)
        let running = try RunningRedisConnection(
            RedisAddress(host: "127.0.0.1", port: port, user: nil, password: nil, database: 0))
        #expect(try running.isAway() == "127.0.0.1:\(port): Connection refused")
        try running.thread.passes(.milliseconds(200))
        #expect(running.changes.current.count == 1)
        #expect(
            try running.send("PING") == .failure(.away("127.0.0.1:\(port): Connection refused")))
    }

    @Test("is told when it has no such name")
    func noSuchName() throws {
        let running = try RunningRedisConnection(
            RedisAddress(host: "no..name", port: 6379, user: nil, password: nil, database: 0))
        #expect(try running.isAway().hasPrefix("no..name:6379: its name was not resolved: "))
    }

    @Test("is written with brackets when its address is of IPv6")
    func bracketed() throws {
        let reserved = try ScriptedServer.reserve()
        defer { close(reserved) }
        let port = ScriptedServer.port(of: reserved)
        let running = try RunningRedisConnection(
            RedisAddress(host: "::1", port: port, user: nil, password: nil, database: 0))
        #expect(try running.isAway().hasPrefix("[::1]:\(port): "))
    }

    @Test("is away when it accepts and never answers")
    func silent() throws {
        let server = try ScriptedServer { connection in _ = try connection.end() }
        let running = try RunningRedisConnection(
            server.redisAddress, connectTimeout: .milliseconds(50))
        #expect(
            try running.isAway()
                == "127.0.0.1:\(server.port): connected, and no answer within 50 ms")
    }

    @Test("is away when connecting to it takes for ever")
    func unreachable() throws {
        let listener = try SilentListener()
        let running = try RunningRedisConnection(
            RedisAddress(
                host: "127.0.0.1", port: listener.port, user: nil, password: nil, database: 0),
            connectTimeout: .milliseconds(50))
        #expect(
            try running.isAway() == "127.0.0.1:\(listener.port): no connection within 50 ms")
    }

    @Test(
        "is away when it is no Redis server",
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "Protocol error, got \"H\" as reply type byte"),
            ("+OK\r\n+OK\r\n", "it does not answer as Redis does"),
            (":0\r\n$3\r\nwhat\r\n", "it does not answer as Redis does"),
            ("*3\r\n:1\r\n", "Server closed the connection"),
            ("", "Server closed the connection"),
        ])
    func garbage(answer: String, cause: String) throws {
        let server = try ScriptedServer { connection in
            var bytes: [UInt8] = []
            _ = try connection.read(ScriptedServer.greeting.utf8.count, into: &bytes)
            try connection.send(answer)
        }
        let running = try RunningRedisConnection(server.redisAddress)
        #expect(try running.isAway() == "127.0.0.1:\(server.port): \(cause)")
    }

    @Test(
        "is away when it sends what nobody had asked for",
        arguments: ["+HI\r\n", ":1\r\n:2\r\n", "*2\r\n:1\r\n", "$1000\r\nhalf"])
    func unasked(sent: String) throws {
        let server = try ScriptedServer { connection in
            try connection.greetRedis()
            try connection.send(sent)
            _ = try connection.end()
        }
        let running = try RunningRedisConnection(server.redisAddress)
        let changes = try running.changes.wait(for: "it to be away") { $0.count >= 2 }
        #expect(
            changes[1] == .away("127.0.0.1:\(server.port): it sent what nobody had asked for"))
    }

    @Test("is away while it says so itself")
    func loading() throws {
        let server = try ScriptedServer { connection in
            guard connection.number >= 3 else {
                try connection.send("-LOADING Redis is loading the dataset in memory\r\n")
                _ = try connection.end()
                return
            }
            try connection.greetRedis()
            _ = try connection.end()
        }
        let running = try RunningRedisConnection(server.redisAddress)
        try running.isReady()
        let why = "127.0.0.1:\(server.port): LOADING Redis is loading the dataset in memory"
        #expect(running.changes.current == [.away(why), .ready])
    }

    @Test("is away while it takes no changes, though it answers")
    func readOnly() throws {
        let server = try RedisServer()
        let script = RedisScript(source: "return redis.call('incr', KEYS[1])")
        let running = try RunningRedisConnection(server.address(), scripts: [script])
        try running.isReady()
        #expect(try server.tell("REPLICAOF 127.0.0.1 1") == "+OK")
        guard case .failure(.away(let why)) = try running.evaluate(script, "key") else {
            Issue.record("a replica takes changes")
            return
        }
        #expect(why.hasPrefix("127.0.0.1:\(server.port): READONLY "))
        try running.thread.passes(.milliseconds(200))
        #expect(running.changes.current.count == 2)
        #expect(try server.tell("REPLICAOF NO ONE") == "+OK")
        try running.isReady()
        #expect(try running.evaluate(script, "key") == .integer(1))
    }

    @Test("is away while it has no room for another client")
    func full() throws {
        let server = try RedisServer("--maxclients", "1")
        let first = try RunningRedisConnection(server.address())
        try first.isReady()
        let second = try RunningRedisConnection(server.address())
        #expect(
            try second.isAway()
                == "127.0.0.1:\(server.port): ERR max number of clients reached")
        try first.thread.perform { first.connection.close() }
        try second.isReady()
    }
}

extension ScriptedServer {
    var redisAddress: RedisAddress {
        RedisAddress(host: "127.0.0.1", port: port, user: nil, password: nil, database: 0)
    }

    /// What a connection without a password says first.
    static let greeting = "*2\r\n$3\r\nDEL\r\n$12\r\nsluice:probe\r\n*1\r\n$4\r\nPING\r\n"
}

extension ServerConnection {
    /// Answers a greeting as Redis does.
    func greetRedis() throws {
        var bytes: [UInt8] = []
        _ = try read(ScriptedServer.greeting.utf8.count, into: &bytes)
        guard bytes == Array(ScriptedServer.greeting.utf8) else {
            throw Failure("no greeting: \(String(latin1: bytes))")
        }
        try send(":0\r\n+PONG\r\n")
    }
}
