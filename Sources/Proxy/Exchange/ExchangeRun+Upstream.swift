import PluginAPI

/// The upstream's side: getting a place, choosing a target, and what the transfer tells.
extension ExchangeRun: TransferReceiver, UpstreamWaiter, TimerTarget {
    // MARK: - Going there

    func goToUpstream() {
        if let dryRun = worker.dryRun, route.upstream != nil,
            let answer = dryRun.reachedUpstream(self)
        {
            return send(answer)
        }
        guard let upstream = route.upstream else {
            return sendError(
                status: 404, reason: "route_not_found",
                message: "No route is for \(exchange.request.methodName) \(exchange.request.path).")
        }
        let pool = service.pools[upstream.number]
        self.pool = pool
        if pool.take(self) {
            enterUpstream()
        } else {
            stage = .waitingForPlace
            loop.timers.set(timer, at: loop.now + upstream.connectTimeout)
        }
    }

    func isWaiting(for pool: UpstreamPool) -> Bool {
        if case .waitingForPlace = stage { self.pool === pool } else { false }
    }

    func placeIsFree() { enterUpstream() }

    private func enterUpstream() {
        hasPlace = true
        Forwarding.prepareRequest(exchange, route: route)
        upstreamStarted = loop.now
        stage = .upstream
        if !upload.isEmpty || bodyHasEnded && bodyFraming.hasBody {
            guard showUpload() else { return }
        }
        attempt()
        if let early = exchange.earlyHead { watchSilence(for: early.delay) }
        connection.resumeReading()
    }

    func attempt() {
        let pool = pool!
        guard let choice = pool.balancer.choose(except: triedTargets, at: loop.now) else {
            return upstreamFailed(TransferError(.unreachable, "no target left"))
        }
        self.choice = choice
        let target = pool.upstream.targets[choice.index]
        exchange.outcome.attempts += 1
        attemptsMade += 1
        exchange.outcome.target = target.name
        targetStatus = 0
        Forwarding.setHost(exchange, target: target, upstream: pool.upstream)
        exchange.observer?.attemptBegins(exchange, to: target.observed)
        let body: OutgoingRequest.Body =
            if bodyHasEnded, requestTrailers.count == 0 {
                upload.isEmpty && !bodyFraming.hasBody ? .none : .whole(upload.readable)
            } else if case .length(let length) = bodyFraming {
                .stream(length: length)
            } else {
                .stream(length: nil)
            }
        if case .stream = body { isReplayable = false } else { isReplayable = true }
        transfer = worker.transport.start(
            OutgoingRequest(request: exchange.request, body: body), to: target, self)
        sends = 0
        // The transport ends an attempt to connect by itself; from then on the head is waited for.
        let upstream = pool.upstream
        loop.timers.set(
            timer,
            at: loop.now.advanced(
                byNanoseconds: upstream.connectNanoseconds + upstream.headNanoseconds))
    }

    private func expectHead() {
        loop.timers.set(timer, at: loop.now.advanced(byNanoseconds: pool!.upstream.headNanoseconds))
    }

    private func expectBytes() {
        loop.timers.set(timer, at: loop.now.advanced(byNanoseconds: pool!.upstream.idleNanoseconds))
    }

    /// Gives back the place at the upstream, and ends the transfer if it is still under way.
    func leaveUpstream(_ ending: AttemptEnding = .unknown) {
        transfer?.cancel()
        transferIsOver(ending)
        if hasPlace {
            hasPlace = false
            pool!.release()
        }
        pool = nil
    }

    /// - Parameter kind: of a failure; that a time was over, unless told.
    func transferIsOver(_ ending: AttemptEnding, _ kind: TransferError.Kind = .connectTimeout) {
        transfer = nil
        guard let choice else { return }
        self.choice = nil
        exchange.observer?.attemptEnded(
            exchange, AttemptResult(ending, status: targetStatus, kind))
        pool!.balancer.ended(choice, ending, at: loop.now)
        if let upstreamStarted { exchange.outcome.upstreamDuration = loop.now - upstreamStarted }
    }

    func timerFired(_ timer: LoopTimer) {
        switch stage {
        case .waitingForPlace:
            leaveUpstream()
            exchange.outcome.error = "all connections to the upstream are in use"
            sendError(
                status: 503, reason: "upstream_busy",
                message: "The upstream is serving as many requests as it may.",
                headers: [("retry-after", "1")])
        case .waitingToRetry: retryIsDue()
        case .upstream where !answerHasBegun && !bodyHasEnded && upload.isEmpty:
            // It is the client that keeps the upstream waiting; its own limit watches it.
            expectHead()
        case .upstream where !answerHasBegun:
            let error = TransferError(
                .connectTimeout, "the answer's head did not come within the time for it")
            if retriesAfterTimeout(error) { return }
            upstreamFailed(error)
        case .upstream where receivingIsPaused:
            abort(by: .client, "the client stopped reading its answer")
        case .upstream:
            let error = "the upstream stopped sending its answer"
            leaveUpstream(.failed(error))
            abort(by: .upstream, error)
        case .answering:
            abort(by: .client, "the client stopped reading its answer")
        case .streaming: sendPiece()
        case .waitingForPlugin: exchange.wait?.finish(.timedOut)
        case .idle, .deciding, .waitingForState, .waitingForBody, .waitingForAnswer, .ended:
            // Left over from an earlier request: a timer is not taken off for each one that ends.
            break
        }
    }

    // MARK: - What the transfer tells

    var incoming: Response { exchange.response }

    func takeBody(into space: UnsafeMutableRawBufferPointer) -> BodySupply {
        if bodyIsBroken { return .broken }
        guard !upload.isEmpty else { return bodyHasEnded ? .ended : .later }
        let wasFull = upload.count >= Self.uploadBound
        let count = min(space.count, upload.count)
        space.baseAddress!.copyMemory(from: upload.readable.baseAddress!, byteCount: count)
        upload.consume(count)
        uploadSeen = max(0, uploadSeen - count)
        if wasFull || !bodyHasEnded { connection?.resumeReading() }
        if !answerHasBegun { expectHead() } else { expectBytes() }
        return .bytes(count)
    }

    func transferConnected() {
        // A second time is one more attempt, after a kept-alive connection had ended.
        sends += 1
        if sends > 1 { exchange.outcome.attempts += 1 }
        if !answerHasBegun { expectHead() }
    }

    func transferInformational() {
        Forwarding.prepareResponse(exchange.response)
        if exchange.response.status != 100 {
            connection?.sendInformational(exchange.response, for: exchange.request)
        }
        exchange.response.reset()
    }

    func transferHead() {
        targetStatus = exchange.response.status
        pool!.balancer.headArrived(targetStatus, from: choice!, at: loop.now)
        if retriesAfterHead() { return }
        exchange.response.source = .upstream
        exchange.response.isCommitted = headIsEarly
        Forwarding.prepareResponse(exchange.response)
        guard showHead() else {
            leaveUpstream()
            turnaround = 0
            return sendPluginError()
        }
        sendOrHoldHead()
        expectBytes()
    }

    func transferBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard isDetached || connection.hasRoom else {
            receivingIsPaused = true
            return false
        }
        expectBytes()
        sendBody(bytes, isLast: false)
        return true
    }

    func transferEnded(trailers: Headers?) {
        transferIsOver(.answered(targetStatus))
        leaveUpstream()
        if !route.chain.responseBodySteps.isEmpty {
            sendBody(UnsafeBufferPointer(start: nil, count: 0), isLast: true)
        }
        guard !isCompleted else { return }
        endAnswer(trailers: trailers)
    }

    func transferFailed(_ error: TransferError) {
        // Nothing was sent: another target can have the same request. And so it can where it is sent again.
        if let choice, error.kind != .broken || exchange.retry != nil {
            triedTargets.append(choice.index)
        }
        transferIsOver(bodyIsBroken ? .unknown : .failed(error.detail), error.kind)
        if error.kind != .broken, triedTargets.count < pool!.upstream.targets.count {
            return attempt()
        }
        if error.kind == .broken ? retriesAfterBreak() : retriesUnreachable() { return }
        upstreamFailed(error)
    }

    private func upstreamFailed(_ error: TransferError) {
        let name = pool?.upstream.name ?? ""
        exchange.outcome.error = error.detail
        worker.log(
            .warning, "upstream failed",
            [
                ("upstream", name), ("target", exchange.outcome.target ?? ""),
                ("error", error.detail),
                ("request_id", exchange.requestID), ("route", route.name),
            ])
        leaveUpstream(.failed(error.detail))
        if answerHasBegun { return abort(by: .upstream, error.detail) }
        if error.kind == .connectTimeout {
            sendError(
                status: 504, reason: "upstream_timeout",
                message: "The upstream did not answer in time.")
        } else {
            sendError(
                status: 502,
                reason: error.kind == .broken ? "upstream_broken" : "upstream_unreachable",
                message: error.kind == .broken
                    ? "The upstream ended the connection or broke the protocol."
                    : "The upstream cannot be reached.")
        }
    }

    // MARK: - Back-pressure

    /// The client has read what it was sent, or most of it.
    func clientHasRoom() {
        guard receivingIsPaused else { return }
        receivingIsPaused = false
        transfer?.resume()
    }
}
