import PluginAPI

/// A client of one Redis server, on one loop's thread.
///
/// It connects, and after any failure connects again by itself, with growing delays; until it is ready
/// again every command fails at once. A command that is not answered in time fails with all that wait
/// behind it, and the connection is given up: so nobody waits longer than `timeout`, and no late reply
/// is taken for another command's.
///
/// Commands are written together at the end of the loop's turn. Close it before letting it go.
package final class RedisConnection: TimerTarget, @unchecked Sendable {
    /// Called exactly once, on the loop's thread: from within the call that asked when Redis is away,
    /// later otherwise. The reply is valid during the call.
    package typealias ReplyHandler = (Result<RedisReply, RedisFailure>) -> Void

    package weak var delegate: (any RedisConnectionDelegate)?
    let loop: EventLoop
    let settings: RedisSettings
    var timer: LoopTimer!
    var state = State.closed
    var pending = PendingReplies()
    private var isFlushSet = false

    var scripts: [ObjectIdentifier: KnownScript] = [:]
    /// Those of the server that this round of attempts has yet to try.
    var addresses: ArraySlice<String> = []
    var delay: ReconnectDelay
    /// What the delegate was last told; nil when nothing yet.
    var wasReady: Bool?
    var why = "it is closed"
    /// Tells an answer of the resolver that was asked before the last `close`.
    var openings = 0

    enum State {
        case closed
        case resolving
        case connecting(RedisSocket)
        case greeting(RedisSocket)
        case ready(RedisSocket, since: MonotonicTime)
        /// For the next attempt.
        case waiting

        var socket: RedisSocket? {
            switch self {
            case .closed, .resolving, .waiting: nil
            case .connecting(let socket), .greeting(let socket), .ready(let socket, _): socket
            }
        }
    }

    struct KnownScript {
        let script: RedisScript
        /// By which the server knows it; nil until it has said so.
        var digest: RedisArguments?
    }

    /// - Parameter scripts: are loaded before it is ready; any other is with its first use.
    package init(
        loop: EventLoop, settings: RedisSettings, scripts: [RedisScript] = [],
        delegate: (any RedisConnectionDelegate)? = nil
    ) {
        self.loop = loop
        self.settings = settings
        self.delegate = delegate
        delay = settings.reconnectDelay
        for script in scripts {
            self.scripts[ObjectIdentifier(script)] = KnownScript(script: script)
        }
        timer = LoopTimer(self)
    }

    deinit { close() }

    // MARK: - Opening and closing

    /// Whether commands are sent; otherwise they fail at once.
    package var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// Begins to connect. Does nothing when it is open.
    package func open() {
        guard case .closed = state else { return }
        openings += 1
        wasReady = nil
        delay.reset()
        why = "\(settings.address.place): it is not connected yet"
        attempt()
    }

    /// Gives the connection up. What waits fails before this returns; afterwards nobody is called.
    package func close() {
        if case .closed = state { return }
        state.socket?.close()
        state = .closed
        why = "it is closed"
        addresses = []
        loop.timers.cancel(timer)
        failPending(.away(why))
    }

    // MARK: - Commands

    /// Runs a script.
    /// - Parameter arguments: the key, then what the script knows as `ARGV`.
    package func evaluate(
        _ script: RedisScript, _ arguments: RedisArguments, reply: @escaping ReplyHandler
    ) {
        precondition(arguments.count >= 1, "a script works on a key")
        guard case .ready(let socket, _) = state else { return reply(.failure(.away(why))) }
        let known = scripts[ObjectIdentifier(script)]
        if let digest = known?.digest {
            socket.append("EVALSHA", leading: digest, arguments)
            pending.append(.evaluation(script, arguments, reply))
        } else {
            if known == nil {
                scripts[ObjectIdentifier(script)] = KnownScript(script: script)
                load(script, socket)
            }
            appendSource(script, arguments, socket)
            pending.append(.command(reply))
        }
        setFlush()
    }

    /// Sends any command but those that change how the connection works (SUBSCRIBE, MONITOR, RESET, …).
    package func send(
        _ name: StaticString, _ arguments: RedisArguments = .none, reply: @escaping ReplyHandler
    ) {
        guard case .ready(let socket, _) = state else { return reply(.failure(.away(why))) }
        socket.append(name, arguments)
        pending.append(.command(reply))
        setFlush()
    }

    /// With its source, so that the server knows it afterwards.
    private func appendSource(
        _ script: RedisScript, _ arguments: RedisArguments, _ socket: RedisSocket
    ) {
        var leading = RedisArguments(capacity: script.source.count + 32)
        leading.append(script.source)
        leading.append("1")
        socket.append("EVAL", leading: leading, arguments)
    }

    func load(_ script: RedisScript, _ socket: RedisSocket) {
        socket.append(
            "SCRIPT", RedisArguments([Array("LOAD".utf8), script.source]))
        pending.append(.loading(script))
    }

    private func setFlush() {
        guard !isFlushSet else { return }
        isFlushSet = true
        loop.submit { self.flush() }
    }

    private func flush() {
        isFlushSet = false
        guard case .ready(let socket, _) = state else { return }
        // The clock, not the turn's time: a long turn is not the server's delay.
        let deadline = loop.time.monotonic + patience
        pending.markWritten(deadline: deadline)
        // One that is set already is for an earlier command; when it fires it is set for the next.
        if !timer.isScheduled { loop.timers.set(timer, at: deadline) }
        socket.flush()
    }

    /// A timer fires up to a tick late; nobody is to wait longer for that.
    private var patience: Duration {
        max(settings.timeout - .nanoseconds(Int64(TimerWheel.tick)), settings.timeout / 2)
    }

    // MARK: - Replies

    var expectsReply: Bool { !pending.isEmpty }

    func received(_ reply: RedisReply) {
        if case .error(let words) = reply, RedisFailure.meansAway(words) { return giveUp(words) }
        guard let entry = pending.popFirst() else {
            return giveUp(reply.words ?? "it sent what nobody had asked for")
        }
        switch entry.purpose {
        case .greeting(let step): greeted(step, reply)
        case .loading(let script): loaded(script, reply)
        case .evaluation(let script, let arguments, let handler):
            guard let words = reply.words else { return handler(.success(reply)) }
            if words.hasPrefix("NOSCRIPT"), let socket = state.socket {
                // Restarted, or its scripts were flushed. The time to answer goes on.
                appendSource(script, arguments, socket)
                pending.append(.command(handler), deadline: entry.deadline)
                setFlush()
            } else {
                handler(.failure(.refused(words)))
            }
        case .command(let handler):
            if let words = reply.words {
                handler(.failure(.refused(words)))
            } else {
                handler(.success(reply))
            }
        }
    }

    /// A script that cannot be loaded is sent with each use, where the server's words reach whoever
    /// uses it.
    private func loaded(_ script: RedisScript, _ reply: RedisReply) {
        guard case .bytes(let digest) = reply else { return }
        var leading = RedisArguments(capacity: 64)
        leading.append(digest)
        leading.append("1")
        scripts[ObjectIdentifier(script)]?.digest = leading
    }

    func failPending(_ failure: RedisFailure) {
        // One at a time: whoever is told may close the connection, which tells the others.
        while let entry = pending.popFirst() { entry.fail(failure) }
    }
}
