import CHiredis
import Glibc
import PluginAPI

/// A connection to a Redis server for a thread that may wait: one command at a time, each answered within
/// `timeout` or given up with the connection, so that no late answer is taken for another command's.
///
/// Like `RedisSocket` it leaves to hiredis what does not wait, and waits itself: so a time holds for all of
/// an answer, however it trickles in.
final class BlockingRedisConnection {
    private let context: UnsafeMutablePointer<redisContext>
    private let settings: RedisSettings
    private var output = ByteBuffer()
    /// Set when it is of no use any more.
    private(set) var isBroken = false

    private var descriptor: Int32 { context.pointee.fd }

    /// Connects, authenticates and selects the database, all proven by the server's answers.
    init(_ settings: RedisSettings) throws(RedisFailure) {
        self.settings = settings
        context = try Self.connect(settings)
        _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
        // From here on `deinit` sees to the context.
        let address = settings.address
        if let credentials = address.credentials { try greet("AUTH", credentials, "OK") }
        if let selection = address.selection { try greet("SELECT", selection, "OK") }
        try greet("PING", .none, "PONG")
    }

    deinit { redisFree(context) }

    private func greet(
        _ name: StaticString, _ arguments: RedisArguments, _ expected: StaticString
    ) throws(RedisFailure) {
        guard try ask(name, arguments, { $0.isText(expected) }) else {
            throw .away("it does not answer as Redis does")
        }
    }

    // MARK: - Connecting

    private static func connect(_ settings: RedisSettings)
        throws(RedisFailure) -> UnsafeMutablePointer<redisContext>
    {
        let host = settings.address.host
        var addresses = HostResolver.address(host).map { [$0] } ?? []
        if addresses.isEmpty {
            do {
                addresses = try HostResolver.resolve(host)
            } catch {
                throw .away("its name was not resolved: \(error)")
            }
        }
        var failure = RedisFailure.away("it has no address")
        for address in addresses {
            do throws(RedisFailure) {
                return try connect(address, settings)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(_ address: String, _ settings: RedisSettings)
        throws(RedisFailure) -> UnsafeMutablePointer<redisContext>
    {
        guard let context = redisConnectNonBlock(address, Int32(settings.address.port)) else {
            throw .away("no memory is left for a connection")
        }
        do throws(RedisFailure) {
            guard context.pointee.err == 0 else { throw .away(context.errorWords) }
            let descriptor = context.pointee.fd
            try wait(for: POLLOUT, descriptor, until: .now + settings.connectTimeout) {
                .away("no connection within \(settings.connectTimeout.nanoseconds / 1_000_000) ms")
            }
            var code: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
            guard code == 0 else { throw .away(String(cString: strerror(code))) }
            return context
        } catch {
            redisFree(context)
            throw error
        }
    }

    // MARK: - Commands

    /// Sends a command and waits for its answer.
    /// - Parameter read: gets the answer, which is valid during the call; an error is thrown instead.
    func ask<Answer>(
        _ name: StaticString, leading: RedisArguments = .none, _ arguments: RedisArguments,
        _ read: (RedisReply) -> Answer
    ) throws(RedisFailure) -> Answer {
        guard !isBroken else { throw .away("the connection is broken") }
        isBroken = true
        output.appendCommand(name, leading: leading, arguments)
        let deadline = ContinuousClock.Instant.now + settings.timeout
        try send(until: deadline)
        let received = try receive(until: deadline)
        defer { freeReplyObject(received) }
        let reply = RedisReply(received)
        if let words = reply.words {
            if RedisFailure.meansAway(words) { throw .away(words) }
            isBroken = false
            throw .refused(words)
        }
        isBroken = false
        return read(reply)
    }

    private func send(until deadline: ContinuousClock.Instant) throws(RedisFailure) {
        while !output.isEmpty {
            let bytes = output.readable
            let sent = Glibc.send(
                descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if sent >= 0 {
                output.consume(sent)
            } else if errno == EAGAIN {
                try Self.wait(for: POLLOUT, descriptor, until: deadline) { .timedOut }
            } else if errno != EINTR {
                throw .away(String(cString: strerror(errno)))
            }
        }
        output.release()
    }

    private func receive(until deadline: ContinuousClock.Instant)
        throws(RedisFailure) -> UnsafeMutablePointer<redisReply>
    {
        while true {
            var received: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &received) == REDIS_OK else {
                throw .away(context.errorWords)
            }
            if let received { return received.assumingMemoryBound(to: redisReply.self) }
            try Self.wait(for: POLLIN, descriptor, until: deadline) { .timedOut }
            guard redisBufferRead(context) == REDIS_OK else { throw .away(context.errorWords) }
        }
    }

    private static func wait(
        for event: Int32, _ descriptor: Int32, until deadline: ContinuousClock.Instant,
        orThrow failure: () -> RedisFailure
    ) throws(RedisFailure) {
        var events = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let left = (deadline - .now).nanoseconds
            guard left > 0 else { throw failure() }
            // Rounded up: rather once too late than in a loop.
            let ready = poll(&events, 1, Int32(clamping: (left + 999_999) / 1_000_000))
            if ready > 0 { return }
        }
    }
}
