import PluginAPI
import Testing

@testable import Proxy

@Suite("A Redis connection", .timeLimit(.minutes(1)))
struct RedisConnectionTests {
    @Test("is ready, and runs scripts on a key and arguments")
    func evaluates() throws {
        let server = try RedisServer()
        let script = RedisScript(source: "return {KEYS[1], ARGV[1], tonumber(ARGV[2]) + 1, false}")
        let running = try RunningRedisConnection(server.address(), scripts: [script])
        try running.isReady()
        let reply = try running.evaluate(script, "a key", "bytes \u{0}\r\n", "-41")
        #expect(
            reply == .array([.text("a key"), .text("bytes \u{0}\r\n"), .integer(-40), .null]))
        #expect(running.changes.current == [.ready])
        #expect(try running.thread.perform { running.connection.isReady })
    }

    @Test("answers in order, however many commands a turn sends")
    func pipelines() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        let count = 10_000
        let replies = try running.sendMany(count) { _ in ("INCR", RedisArguments([[0x6B]])) }.all()
        #expect(replies == (1...Int64(count)).map { [.integer($0)] })
    }

    @Test("writes the commands of a turn together")
    func writes() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        func reads() throws -> Int {
            guard case .text(let text) = try running.send("INFO", "stats") else { return -1 }
            let line = text.split(separator: "\r\n").first {
                $0.hasPrefix("total_reads_processed:")
            }
            return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? -1
        }
        let before = try reads()
        _ = try running.sendMany(200) { _ in ("PING", .none) }.all()
        // One for the 200, one for the INFO itself, which is counted when it has been read.
        #expect(try reads() - before == 2)
    }

    @Test("carries arguments and replies of any bytes and any length")
    func bytes() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        var random = Randomness(seed: 7)
        let values = (0..<200).map { number in
            // One is more than the kernel takes at once.
            let length = number == 100 ? 20 << 20 : Int.random(in: 0..<60_000, using: &random)
            return [UInt8](repeating: UInt8(number), count: length) + [0x0D, 0x0A, 0x00]
        }
        let equal = Watched([Bool?](repeating: nil, count: values.count))
        try running.thread.perform {
            for (index, value) in values.enumerated() {
                running.connection.send("ECHO", RedisArguments([value])) { result in
                    guard case .success(.bytes(let bytes)) = result else { return }
                    equal.change { $0[index] = Array(bytes) == value }
                }
            }
        }
        let all = try equal.wait(for: "all replies") { !$0.contains(nil) }
        #expect(all.allSatisfy { $0 == true })
    }

    @Test("tells the server's refusal of a command, and goes on")
    func refusal() throws {
        let server = try RedisServer()
        let broken = RedisScript(source: "return )")
        let failing = RedisScript(source: "return redis.call('incr', KEYS[1])")
        let running = try RunningRedisConnection(server.address(), scripts: [broken, failing])
        try running.isReady()
        #expect(try running.send("SET", "key", "text") == .text("OK"))
        for reply in [
            try running.send("INCR", "key"), try running.evaluate(failing, "key"),
            try running.evaluate(broken, "key"), try running.send("NONSENSE"),
        ] {
            guard case .failure(.refused(let words)) = reply else {
                Issue.record("\(reply) is no refusal")
                continue
            }
            #expect(words.contains("ERR"))
        }
        #expect(try running.send("PING") == .text("PONG"))
        #expect(running.changes.current == [.ready])
    }

    @Test("uses the database that it is told")
    func database() throws {
        let server = try RedisServer()
        let first = try RunningRedisConnection(server.address(database: 3))
        let second = try RunningRedisConnection(server.address())
        try first.isReady()
        try second.isReady()
        #expect(try first.send("SET", "key", "text") == .text("OK"))
        #expect(try second.send("GET", "key") == .null)
        #expect(try second.send("SELECT", "3") == .text("OK"))
        #expect(try second.send("GET", "key") == .text("text"))

        let third = try RunningRedisConnection(server.address(database: 99))
        #expect(try third.isAway() == "127.0.0.1:\(server.port): ERR DB index is out of range")
    }

    @Test("resolves a name")
    func name() throws {
        let server = try RedisServer()
        // The name may have an address at which this server does not listen, too.
        let running = try RunningRedisConnection(
            RedisAddress(
                host: "localhost", port: server.port, user: nil, password: nil, database: 0))
        try running.isReady()
        #expect(try running.send("PING") == .text("PONG"))
        #expect(running.changes.current == [.ready])
    }

    // MARK: - Scripts

    @Test("sends a script again when the server has forgotten it")
    func forgotten() throws {
        let server = try RedisServer()
        let script = RedisScript(source: "return redis.call('incr', KEYS[1])")
        let running = try RunningRedisConnection(server.address(), scripts: [script])
        try running.isReady()
        #expect(try running.evaluate(script, "key") == .integer(1))
        #expect(try server.tell("SCRIPT FLUSH") == "+OK")

        let replies = Watched([[ReceivedReply]](repeating: [], count: 50))
        try running.thread.perform {
            for index in 0..<50 {
                running.connection.evaluate(script, RedisArguments([Array("key".utf8)])) { result in
                    replies.change { $0[index].append(ReceivedReply(result)) }
                }
            }
        }
        #expect(try replies.all() == (2...51).map { [.integer($0)] })

        // From then on it is known again.
        #expect(try server.tell("CONFIG RESETSTAT") == "+OK")
        #expect(try running.evaluate(script, "key") == .integer(52))
        #expect(try running.counts(of: "eval") == nil)
        #expect(try running.counts(of: "evalsha") == 1)
        #expect(running.changes.current == [.ready])
    }

    @Test("loads a script that it did not know at its start with the first use")
    func added() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        let script = RedisScript(source: "return redis.call('incrby', KEYS[1], ARGV[1])")
        #expect(try running.evaluate(script, "key", "5") == .integer(5))
        #expect(try running.evaluate(script, "key", "5") == .integer(10))
        #expect(try running.counts(of: "eval") == 1)
        #expect(try running.counts(of: "evalsha") == 1)

        // And again with every connection.
        try server.restart()
        try running.changes.wait(for: "the next connection") { $0.count == 3 }
        #expect(try running.evaluate(script, "key", "5") == .integer(5))
        #expect(try running.counts(of: "eval") == nil)
    }

    // MARK: - Users

    @Test("proves who it is")
    func authentication() throws {
        let server = try RedisServer(
            "--requirepass", "hunter2", "--user", "app", "on", ">s3cret", "~*", "+@all")
        for address in [
            server.address(password: "hunter2"), server.address(user: "app", password: "s3cret"),
            server.address(user: "app", password: "s3cret", database: 2),
        ] {
            let running = try RunningRedisConnection(address)
            try running.isReady()
            #expect(try running.send("PING") == .text("PONG"))
        }
    }

    @Test(
        "is away, with the server's words and no secret, when it may not use the server",
        arguments: [
            (nil, nil, "NOAUTH Authentication required."),
            (nil, "hunter3", "WRONGPASS invalid username-password pair or user is disabled."),
            ("app", "hunter2", "WRONGPASS invalid username-password pair or user is disabled."),
        ])
    func refusedUser(user: String?, password: String?, words: String) throws {
        let server = try RedisServer("--requirepass", "hunter2")
        let running = try RunningRedisConnection(server.address(user: user, password: password))
        #expect(try running.isAway() == "127.0.0.1:\(server.port): \(words)")
        #expect(try running.send("PING").isAway)
    }

    @Test("serves a user who may only run scripts")
    func narrowUser() throws {
        let server = try RedisServer(
            "--user", "app", "on", ">s3cret", "~limits:*", "-@all", "+eval", "+evalsha", "+ping",
            "+incr")
        let script = RedisScript(source: "return redis.call('incr', KEYS[1])")
        let running = try RunningRedisConnection(
            server.address(user: "app", password: "s3cret"), scripts: [script])
        try running.isReady()
        #expect(try running.evaluate(script, "limits:1") == .integer(1))
        #expect(try running.evaluate(script, "limits:1") == .integer(2))
    }

    @Test("does not repeat a secret that the server repeats")
    func echoedSecret() throws {
        let server = try ScriptedServer { connection in
            var bytes: [UInt8] = []
            _ = try connection.read(4, into: &bytes)
            try connection.send("-ERR unknown command 'AUTH', with args: 'hunter2'\r\n")
            _ = try connection.end()
        }
        let running = try RunningRedisConnection(
            RedisAddress(
                host: "127.0.0.1", port: server.port, user: nil, password: "hunter2", database: 0))
        let why = try running.isAway()
        #expect(
            why == "127.0.0.1:\(server.port): ERR unknown command 'AUTH', with args: '[redacted]'")
    }
}

extension RunningRedisConnection {
    /// How often the server has run a command; nil when never.
    func counts(of command: String) throws -> Int? {
        guard case .text(let text) = try send("INFO", "commandstats") else { return -1 }
        let prefix = "cmdstat_\(command):calls="
        return text.split(separator: "\r\n").first { $0.hasPrefix(prefix) }
            .flatMap { Int($0.dropFirst(prefix.count).prefix { $0.isNumber }) }
    }
}
