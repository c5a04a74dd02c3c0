import PluginAPI

/// A Redis stream that one thread appends to, over a connection of its own.
///
/// Each entry is there once, though its answer may be lost with the connection, and though what was sent
/// before that may be read by the server after what is sent over the next one. For that entries are
/// numbered: the server keeps a mark of the last one it has taken from this writer, in the same step in
/// which it takes it, and passes over those up to the mark. A server that forgets, forgets both.
final class RedisStream: StateStream {
    let name: String
    private let settings: RedisSettings
    private let leading: RedisArguments
    private let maximumLength: Int?
    private var connection: BlockingRedisConnection?
    /// How many entries are known to be in the stream.
    private var taken: Int64 = 0

    /// How long what is written waits for its answer at least: nobody's request waits for it, and to connect
    /// anew takes longer.
    private static let leastTimeout: Duration = .seconds(1)
    /// How long a mark stays after its writer's last entry, in s. For an outage longer than that, entries
    /// may come twice.
    private static let markLifetime: Int64 = 86_400

    /// KEYS: the stream, and this writer's mark. ARGV: the first entry's number, the stream's length or 0
    /// for any, the mark's lifetime, and the entries.
    static let script = """
        local last = tonumber(redis.call('GET', KEYS[2]) or '0')
        local number = tonumber(ARGV[1])
        for index = 4, #ARGV do
          if number > last then
            if ARGV[2] == '0' then
              redis.call('XADD', KEYS[1], '*', 'record', ARGV[index])
            else
              redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'record', ARGV[index])
            end
            last = number
          end
          number = number + 1
        end
        redis.call('SET', KEYS[2], string.format('%.0f', last), 'EX', ARGV[3])
        return redis.status_reply('OK')
        """

    /// - Parameters:
    ///   - name: behind the prefix of all keys.
    ///   - maximumLength: about how many entries stay; nil for all.
    init(_ state: StateConfiguration, _ name: String, maximumLength: Int?) {
        let key = state.prefix + name
        self.name = "\(key) at \(state.redis.place)"
        settings = RedisSettings(
            address: state.redis, timeout: max(state.timeout, Self.leastTimeout))
        self.maximumLength = maximumLength
        var random = SystemRandomNumberGenerator()
        let writer = String(UInt64.random(in: 0 ... .max, using: &random), radix: 36)
        // The braces put the mark where the stream is, should the keys be dealt out to several servers.
        leading = RedisArguments([
            Array(Self.script.utf8), Array("2".utf8), Array(key.utf8),
            Array("\(state.prefix)stream:{\(key)}:\(writer)".utf8),
        ])
    }

    func connect() throws {
        _ = try open()
    }

    func append(_ entries: [UnsafeBufferPointer<UInt8>]) throws -> Int {
        guard !entries.isEmpty else { return 0 }
        let isFresh = connection == nil
        do throws(RedisFailure) {
            return try appendOnce(entries)
        } catch .away where !isFresh {
            // The server may have closed it long ago, and be well.
            return try appendOnce(entries)
        }
    }

    func close() { connection = nil }

    private func appendOnce(_ entries: [UnsafeBufferPointer<UInt8>]) throws(RedisFailure) -> Int {
        let connection = try open()
        var arguments = RedisArguments(
            capacity: entries.reduce(128) { $0 + $1.count + 16 })
        arguments.append(taken + 1)
        arguments.append(Int64(maximumLength ?? 0))
        arguments.append(Self.markLifetime)
        for entry in entries { arguments.append(entry) }
        let isTaken = try withConnection { () throws(RedisFailure) in
            try connection.ask("EVAL", leading: leading, arguments) { $0.isText("OK") }
        }
        guard isTaken else {
            close()
            throw .away("it does not answer as Redis does")
        }
        taken += Int64(entries.count)
        return entries.count
    }

    private func open() throws(RedisFailure) -> BlockingRedisConnection {
        if let connection { return connection }
        let opened = try withConnection { () throws(RedisFailure) in
            try BlockingRedisConnection(settings)
        }
        connection = opened
        return opened
    }

    /// Gives a broken connection up, and keeps the password out of what is told.
    private func withConnection<Result>(_ body: () throws(RedisFailure) -> Result)
        throws(RedisFailure) -> Result
    {
        do throws(RedisFailure) {
            return try body()
        } catch {
            if connection?.isBroken == true { close() }
            switch error {
            case .away(let why): throw .away(settings.address.withoutSecret(why))
            case .refused(let words): throw .refused(settings.address.withoutSecret(words))
            case .timedOut: throw .timedOut
            }
        }
    }
}
