import PluginAPI
import Testing

@testable import Proxy

@Suite("Closing a Redis connection", .timeLimit(.minutes(1)))
struct RedisClosingTests {
    @Test("inside a reply fails the others at once, and leaves nothing")
    func insideReply() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        let order = Watched<[String]>([])
        weak let connection = running.connection
        try running.thread.perform {
            running.connection.send("PING") { _ in
                order.change { $0.append("first") }
                running.connection.close()
                order.change { $0.append("closed") }
                running.drop()
            }
            for name in ["second", "third"] {
                running.connection.send("PING") { result in
                    order.change { $0.append("\(name) \(ReceivedReply(result).isAway)") }
                }
            }
        }
        try order.wait(for: "the close") { $0.contains("closed") }
        try running.thread.turn()
        #expect(order.current == ["first", "second true", "third true", "closed"])
        #expect(running.changes.current == [.ready])
        #expect(connection == nil)
        #expect(try Descriptors.connected(to: server.port) == 0)
    }

    @Test("inside a failure is the end of it")
    func insideFailure() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        try server.pause()
        let order = Watched<[String]>([])
        try running.thread.perform {
            for name in ["first", "second", "third"] {
                running.connection.send("PING") { _ in
                    running.connection.close()
                    order.change { $0.append(name) }
                }
            }
        }
        server.kill()
        try order.wait(for: "all") { $0.count == 3 }
        try server.restart()
        try running.thread.passes(.milliseconds(100))
        #expect(order.current.sorted() == ["first", "second", "third"])
        #expect(running.changes.current.count == 2)
        #expect(try Descriptors.connected(to: server.port) == 0)
    }

    @Test("before it is ready stops the attempt")
    func early() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.thread.perform { running.connection.close() }
        let told = running.changes.current.count
        try running.thread.passes(.milliseconds(100))
        #expect(running.changes.current.count == told)
        #expect(try Descriptors.connected(to: server.port) == 0)
        #expect(try running.send("PING") == .failure(.away("it is closed")))
    }

    @Test("and opening it again works, also from within a reply")
    func again() throws {
        let server = try RedisServer()
        let running = try RunningRedisConnection(server.address())
        try running.isReady()
        try running.thread.perform {
            running.connection.send("PING") { _ in
                running.connection.close()
                running.connection.open()
            }
        }
        try running.changes.wait(for: "the second connection") { $0 == [.ready, .ready] }
        #expect(try running.send("PING") == .text("PONG"))
        #expect(try Descriptors.connected(to: server.port) == 1)
    }
}
