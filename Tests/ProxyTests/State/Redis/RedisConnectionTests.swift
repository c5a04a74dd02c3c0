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
}
