import PluginAPI

/// Getting connected, and staying so.
extension RedisConnection {
    private func setTimer(in duration: Duration) {
        loop.timers.set(timer, at: loop.now + duration)
    }

    package func timerFired(_ timer: LoopTimer) {
        let milliseconds = settings.connectTimeout.nanoseconds / 1_000_000
        switch state {
        case .closed: break
        case .waiting: attempt()
        case .resolving:
            // The resolver cannot be stopped, and is not asked twice at a time.
            tell(false, "its name was not resolved within \(milliseconds) ms")
        case .connecting: giveUp("no connection within \(milliseconds) ms")
        case .greeting: giveUp("connected, and no answer within \(milliseconds) ms")
        case .ready:
            guard let deadline = pending.earliestDeadline else { return }
            if deadline > loop.now {
                loop.timers.set(timer, at: deadline)
            } else {
                giveUp(
                    "no answer within \(settings.timeout.nanoseconds / 1_000_000) ms",
                    failing: .timedOut)
            }
        }
    }

    func attempt() {
        let host = settings.address.host
        if let address = HostResolver.address(host) {
            addresses = [address]
            return connect()
        }
        state = .resolving
        setTimer(in: settings.connectTimeout)
        WorkerThread.start(name: "redis-resolver") { [weak self, loop, openings] in
            let result = Result { () throws(HostResolver.Failure) in
                try HostResolver.resolve(host)
            }
            loop.submit { [weak self] in self?.resolved(result, openings) }
        }
    }

    private func resolved(_ result: Result<[String], HostResolver.Failure>, _ openings: Int) {
        guard case .resolving = state, openings == self.openings else { return }
        switch result {
        case .success(let found):
            addresses = found[...]
            connect()
        case .failure(let failure): giveUp("its name was not resolved: \(failure)")
        }
    }

    /// Begins to connect to the next address.
    private func connect() {
        var cause = "no address is left"
        while let address = addresses.popFirst() {
            do throws(RedisSocket.Failure) {
                state = .connecting(
                    try RedisSocket(address, port: settings.address.port, loop: loop, self))
                return setTimer(in: settings.connectTimeout)
            } catch {
                cause = error.description
            }
        }
        giveUp(cause)
    }

    /// Takes leave of what there is of a connection: for the server's next address, or for a while.
    func giveUp(_ cause: String, failing failure: RedisFailure? = nil) {
        state.socket?.close()
        if case .ready(_, let since) = state {
            // One that is lost as soon as it is made is not tried again as eagerly.
            if loop.now - since > settings.reconnectDelay.maximum { delay.reset() }
        } else {
            // Greetings; nobody waits for their replies.
            pending.removeAll()
            if !addresses.isEmpty { return connect() }
        }
        state = .waiting
        var random = SystemRandomNumberGenerator()
        setTimer(in: delay.next(using: &random))
        tell(false, cause)
        failPending(failure ?? .away(why))
    }

    private func tell(_ isReady: Bool, _ cause: String = "") {
        let before = why
        if !isReady { why = "\(settings.address.place): \(settings.address.withoutSecret(cause))" }
        guard wasReady != isReady else {
            if why != before { delegate?.redisIsStillAway(self, why) }
            return
        }
        wasReady = isReady
        if isReady {
            delegate?.redisIsReady(self)
        } else {
            delegate?.redisIsAway(self, why)
        }
    }

    /// The socket has failed, and is closed.
    func lost(_ cause: String) { giveUp(cause) }

    // MARK: - Greeting

    func connected(_ socket: RedisSocket) {
        state = .greeting(socket)
        let address = settings.address
        func say(
            _ name: StaticString, _ arguments: RedisArguments, _ step: PendingReply.GreetingStep
        ) {
            socket.append(name, arguments)
            pending.append(.greeting(step))
        }
        if let credentials = address.credentials { say("AUTH", credentials, .authentication) }
        if let selection = address.selection { say("SELECT", selection, .selection) }
        for known in scripts.values { load(known.script, socket) }
        say("DEL", RedisArguments([settings.probeKey]), .probe)
        for known in scripts.values { load(known.script, socket) }
        say("PING", .none, .ping)
        socket.flush()
    }

    /// A server that does not let this user delete keys may still let it run scripts.
    private static func isMereRefusal(_ words: String) -> Bool {
        words.hasPrefix("NOPERM") || words.hasPrefix("ERR unknown command")
    }

    func greeted(_ step: PendingReply.GreetingStep, _ reply: RedisReply) {
        let isExpected =
            switch step {
            case .authentication, .selection: reply.isText("OK")
            case .probe: reply.words.map(Self.isMereRefusal) ?? true
            case .ping: reply.isText("PONG")
            }
        guard isExpected else { return giveUp(reply.words ?? "it does not answer as Redis does") }
        guard case .ping = step, case .greeting(let socket) = state else { return }
        state = .ready(socket, since: loop.now)
        loop.timers.cancel(timer)
        addresses = []
        tell(true)
    }
}
