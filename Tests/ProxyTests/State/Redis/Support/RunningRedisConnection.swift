import Glibc
import PluginAPI

@testable import Proxy

/// A Redis connection on a loop of its own, for as long as a test holds it, with a record of what it
/// told.
final class RunningRedisConnection: @unchecked Sendable {
    enum Change: Equatable, Sendable {
        case ready
        case away(String)

        var isAway: Bool { self != .ready }
    }

    let changes: Watched<[Change]>
    let thread: LoopThread
    private let recorder: Recorder
    /// Used on the loop only.
    private(set) var connection: RedisConnection!
    private let settings: RedisSettings

    private final class Recorder: RedisConnectionDelegate {
        let changes = Watched<[Change]>([])
        func redisIsReady(_ connection: RedisConnection) { changes.change { $0.append(.ready) } }
        func redisIsAway(_ connection: RedisConnection, _ why: String) {
            changes.change { $0.append(.away(why)) }
        }
    }

    /// An open one. Its patience is long unless a test is about time.
    init(
        _ address: RedisAddress, timeout: Duration = .seconds(8),
        connectTimeout: Duration = .seconds(8),
        delay: ReconnectDelay = ReconnectDelay(
            first: .milliseconds(5), maximum: .milliseconds(50)),
        scripts: [RedisScript] = []
    ) throws {
        settings = RedisSettings(
            address: address, timeout: timeout, connectTimeout: connectTimeout,
            reconnectDelay: delay)
        recorder = Recorder()
        changes = recorder.changes
        thread = try LoopThread()
        try thread.perform { [self] in
            connection = RedisConnection(
                loop: thread.loop, settings: settings, scripts: scripts, delegate: recorder)
            connection.open()
        }
    }

    deinit {
        nonisolated(unsafe) var connection = connection
        self.connection = nil
        _ = try? thread.perform {
            connection?.close()
            connection = nil
        }
    }

    /// Lets the connection go. On the loop's thread.
    func drop() { connection = nil }

    // MARK: - Waiting

    func isReady() throws {
        try changes.wait(for: "the connection to be ready") { $0.last == .ready }
    }

    /// - Returns: why.
    @discardableResult
    func isAway() throws -> String {
        let all = try changes.wait(for: "the connection to be away") { $0.last?.isAway == true }
        guard case .away(let why) = all.last else { throw Failure("ready again") }
        return why
    }

    // MARK: - Commands

    func send(_ name: StaticString, _ arguments: String...) throws -> ReceivedReply {
        try send(name, arguments)
    }

    func send(_ name: StaticString, _ arguments: [String]) throws -> ReceivedReply {
        try ask {
            $0.send(
                name, RedisArguments(arguments.map { Array($0.utf8) }), reply: $1)
        }
    }

    func evaluate(_ script: RedisScript, _ arguments: String...) throws -> ReceivedReply {
        try ask {
            $0.evaluate(
                script, RedisArguments(arguments.map { Array($0.utf8) }), reply: $1)
        }
    }

    private func ask(
        _ body: @escaping (RedisConnection, @escaping RedisConnection.ReplyHandler) -> Void
    ) throws -> ReceivedReply {
        let received = Watched<ReceivedReply?>(nil)
        try thread.perform { [self] in
            body(connection) { result in received.change { $0 = ReceivedReply(result) } }
        }
        return try received.wait(for: "a reply") { $0 != nil }!
    }

    /// Sends the same command so many times in one turn.
    /// - Returns: for each, the replies that it got: one, if all is well.
    func sendMany(
        _ count: Int, _ command: @escaping (Int) -> (StaticString, RedisArguments)
    ) throws -> Watched<[[ReceivedReply]]> {
        let replies = Watched([[ReceivedReply]](repeating: [], count: count))
        try thread.perform { [self] in
            for index in 0..<count {
                let (name, arguments) = command(index)
                connection.send(name, arguments) { result in
                    replies.change { $0[index].append(ReceivedReply(result)) }
                }
            }
        }
        return replies
    }
}

extension Watched where Value == [[ReceivedReply]] {
    /// Waits until each command has been answered.
    func all() throws -> [[ReceivedReply]] {
        try wait(for: "all replies") { $0.allSatisfy { !$0.isEmpty } }
    }
}
