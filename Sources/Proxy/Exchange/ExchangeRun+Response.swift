import PluginAPI

/// The answer's way: through the response phases, last plugin to first, and to the client.
extension ExchangeRun {
    // MARK: - From the upstream

    /// Shows the head to the plugins that have seen the request.
    /// - Returns: false when one failed.
    func showHead() -> Bool {
        let chain = route.chain
        guard !chain.responseHeadSteps.isEmpty else { return true }
        var time = Ticks.now
        exchange.now = loop.now
        for step in chain.responseHeadSteps where sees(step.place) {
            if let trace { trace.begin(step.entry, "response head", exchange) }
            do {
                try step.hook.responseHead(exchange)
            } catch {
                failed(step.entry, error)
                if step.entry.mode == .enforce { return false }
            }
            time = count(step.entry, step.place, since: time, phase: .responseHead)
        }
        return true
    }

    /// Whether the plugin at this place has seen the request, so that it sees the answer.
    private func sees(_ place: Int) -> Bool {
        place < turnaround && (passedOver.isEmpty || !passedOver.contains(place))
    }

    func sendHead() {
        let wasEarly = headIsEarly
        headIsSent = true
        headIsEarly = false
        guard !isDetached, !wasEarly else { return }
        // What a plugin may have set; an interim status would make the body the next answer's head.
        if !(200...599).contains(exchange.response.status) { exchange.response.status = 500 }
        exchange.outcome.status = exchange.response.status
        exchange.outcome.timeToFirstByte = loop.now - began
        waitingSince = loop.now
        if let trace, !traceIsProvisional {
            exchange.response.headers.append("server-timing", trace.serverTiming)
        }
        connection.sendHead(exchange.response, for: exchange.request)
        if let filler = exchange.response.filler {
            lastSent = loop.now
            watchSilence(for: filler.interval)
        }
    }

    /// Passes bytes on, through the plugins that see or change them.
    func sendBody(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) {
        let chain = route.chain
        guard !chain.responseBodySteps.isEmpty else { return pass(bytes) }
        var time = Ticks.now
        exchange.now = loop.now
        var replaced: [UInt8]?
        let wasLast = isLast
        var isLast = isLast
        for step in chain.responseBodySteps where sees(step.place) {
            do {
                let decision =
                    if let replaced {
                        try step.hook.responseBody(exchange, replaced.span, isLast: isLast)
                    } else {
                        try step.hook.responseBody(exchange, bytes.span, isLast: isLast)
                    }
                switch decision {
                case .pass: break
                case .replace(let new), .end(let new):
                    guard exchange.response.bodyIsChanged else { throw UnannouncedChange() }
                    replaced = new
                    if case .end = decision { isLast = true }
                    // A run that is dropped is no run for those who come after.
                    if new.isEmpty, !isLast { return }
                }
            } catch {
                failed(step.entry, error)
                if step.entry.mode == .enforce { return breakOff() }
            }
            time = count(step.entry, step.place, since: time, phase: .responseBody)
        }
        if let replaced {
            replaced.withUnsafeBufferPointer { pass($0) }
        } else {
            pass(bytes)
        }
        if isLast, !wasLast { endEarly() }
    }

    /// A plugin has ended the answer: what the upstream would still send is not wanted.
    private func endEarly() {
        guard !isCompleted else { return }
        leaveUpstream()
        endAnswer(trailers: nil)
    }

    /// The upstream has given all of its answer that is wanted; what is left is to send it.
    func endAnswer(trailers: Headers?) {
        sendHeldHead()
        guard !isDetached else { return endDetached() }
        stage = .answering
        loop.timers.set(timer, at: loop.now + worker.settings.keepAliveTimeout)
        connection.sendEnd(trailers: trailers)
    }

    private func pass(_ bytes: UnsafeBufferPointer<UInt8>) {
        if exchange.response.headIsHeld {
            heldBody.append(bytes)
            if heldBody.count > exchange.response.headHold { sendHeldHead() }
            return
        }
        guard !bytes.isEmpty, !isDetached, !connection.isWithoutBody else { return }
        exchange.outcome.bytesOut += bytes.count
        waitingSince = loop.now
        if exchange.response.filler != nil { lastSent = loop.now }
        connection.sendBody(bytes)
    }

    /// Sends the upstream's head, or holds it back if a plugin wants to see the body first.
    func sendOrHoldHead() {
        let response = exchange.response
        if response.headHold > 0, !headIsEarly, (response.contentLength ?? 0) <= response.headHold {
            response.headIsHeld = true
        } else {
            sendHead()
        }
    }

    /// Sends what has been held back.
    func sendHeldHead() {
        guard exchange.response.headIsHeld else { return }
        exchange.response.headIsHeld = false
        sendHead()
        pass(heldBody.readable)
        heldBody.release()
    }

    /// Ends the exchange because a plugin failed in the middle of a body.
    func breakOff() {
        let error = exchange.outcome.error ?? "a plugin failed"
        leaveUpstream()
        if answerHasBegun {
            abort(by: .proxy, error)
        } else {
            turnaround = 0
            sendPluginError()
        }
    }

    // MARK: - Of the proxy's own

    /// Sends an error in the form that clients parse.
    func sendError(
        status: Int, reason: String, message: String?, headers: [(String, String)] = []
    ) {
        let body = ErrorBody.make(
            status: status, reason: reason, message: message, requestID: exchange.requestID)
        send(
            Answer(
                status: status, reason: reason,
                headers: [("content-type", "application/json")]
                    + headers.filter { $0.0.lowercased() != "content-type" },
                body: body))
    }

    func sendPluginError() {
        sendError(
            status: 500, reason: "plugin_error",
            message: "The proxy could not process this request.")
    }

    /// Sends a whole answer.
    func send(_ answer: Answer) {
        guard !isDetached else { return endDetached() }
        stage = .answering
        heldBody.release()
        var answer = answer
        let response = exchange.response
        fill(response, from: answer)
        if !showHead() {
            // The plugins are not asked again, or a failing one would be for ever.
            turnaround = 0
            answer = Answer(
                status: 500, headers: [("content-type", "application/json")],
                body: ErrorBody.make(
                    status: 500, reason: "plugin_error",
                    message: "The proxy could not process this request.",
                    requestID: exchange.requestID))
            fill(response, from: answer)
        }
        sendHead()
        if connection.isWithoutBody { answer.body = [] }
        answer.body.withUnsafeBufferPointer { sendBody($0, isLast: true) }
        guard !isCompleted else { return }
        loop.timers.set(timer, at: loop.now + worker.settings.keepAliveTimeout)
        connection.sendEnd(trailers: nil)
    }

    func fill(_ response: Response, from answer: Answer) {
        response.reset()
        response.source = .proxy
        response.status = answer.status
        response.contentLength = answer.body.count
        for (name, value) in answer.headers {
            guard let name = HeaderName(name) else { continue }
            response.headers.append(name, value)
        }
        response.headers.set("x-request-id", to: exchange.requestID)
        response.isCommitted = headIsEarly
    }
}

/// A plugin replaced bytes of an answer whose length had been announced.
struct UnannouncedChange: Error, CustomStringConvertible {
    let description =
        "it replaced bytes of the answer without bodyWillChange() in the response head phase"
}
