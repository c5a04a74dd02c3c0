import PluginAPI

/// The request's way: through the request phase, with its body behind it.
extension ExchangeRun: WaitKeeper {
    // MARK: - The request phase

    /// Asks the plugins, from this step of the chain on, and then goes to the upstream.
    func decide(from first: Int) {
        let chain = route.chain
        var step = first
        exchange.now = loop.now
        var time = Ticks.now
        while step < chain.requestSteps.count {
            stage = .deciding(step)
            if let trace {
                trace.begin(chain.entries[chain.requestSteps[step].place], "request", exchange)
            }
            let result: Result<Decision, any Error>
            do {
                let decision: Decision
                switch chain.requestSteps[step] {
                case .immediate(let current):
                    turnaround = current.place + 1
                    decision = try current.hook.request(exchange)
                case .shared(let current):
                    turnaround = current.place + 1
                    guard let known = try share(current) else {
                        time = count(current.entry, current.place, since: time)
                        step += 1
                        continue
                    }
                    decision = known
                case .whole(let current):
                    guard awaitedSteps.isEmpty else { return settle(thenFrom: step) }
                    guard mayHave(exchange.outcome.bytesIn) else { return }
                    turnaround = current.place + 1
                    let bound = current.hook.bodyLimit
                    if bodyExceeds(bound) { return bodyIsTooLong(for: step) }
                    guard bodyHasEnded else { return awaitBody(for: step, bound: bound) }
                    decision = try current.hook.request(exchange, body: upload.readable.span)
                    takeReplacedBody()
                case .waiting(let current):
                    guard awaitedSteps.isEmpty else { return settle(thenFrom: step) }
                    turnaround = current.place + 1
                    guard let atOnce = try start(current.hook, step) else { return }
                    decision = atOnce
                }
                if case .proceed = decision {
                    let place = turnaround - 1
                    let entry = chain.entries[place]
                    time = count(entry, place, since: time)
                    service.countProceeded(entry.number)
                    if traceIsProvisional { settleTrace(after: place) }
                    step += 1
                    continue
                }
                result = .success(decision)
            } catch {
                result = .failure(error)
            }
            let entry = chain.entries[turnaround - 1]
            time = count(entry, turnaround - 1, since: time, result)
            if traceIsProvisional { settleTrace(after: turnaround - 1) }
            step += 1
            guard awaitedSteps.isEmpty else {
                let held = HeldDecision(place: turnaround - 1, result: result)
                return settle(thenFrom: step, held: held)
            }
            guard apply(result, of: entry) else { return }
        }
        guard awaitedSteps.isEmpty else { return settle(thenFrom: step) }
        turnaround = chain.entries.count
        guard mayHave(exchange.outcome.bytesIn) else { return }
        goToUpstream()
    }

    /// - Returns: whether the request goes on.
    func apply(
        _ result: Result<Decision, any Error>, of entry: Chain.Entry
    )
        -> Bool
    {
        switch result {
        case .success(.proceed):
            service.countProceeded(entry.number)
            return true
        case .success(.refuse(let refusal)):
            guard record(entry.mode == .observe ? .observed : .refuse, refusal.reason, entry) else {
                return true
            }
            sendError(
                status: refusal.status, reason: refusal.reason, message: refusal.message,
                headers: refusal.headers)
        case .success(.answer(let answer)):
            guard record(entry.mode == .observe ? .observed : .answer, answer.reason, entry) else {
                return true
            }
            send(answer)
        case .failure(let error):
            failed(entry, error)
            // A plugin that is only observed must not hurt anyone.
            if entry.mode == .observe { return true }
            turnaround -= 1
            sendPluginError()
        }
        return false
    }

    /// - Returns: whether the decision holds.
    private func record(_ kind: DecisionRecord.Kind, _ reason: String, _ entry: Chain.Entry) -> Bool
    {
        service.metrics(of: entry).count(kind, reason)
        exchange.decisions.append(DecisionRecord(plugin: entry.label, kind: kind, reason: reason))
        return kind != .observed
    }

    /// Notes that a plugin's hook threw.
    func failed(_ entry: Chain.Entry, _ error: any Error) {
        service.metrics(of: entry).count(.failed, "plugin_error")
        // One that is only observed goes on failing at each run of a body; once is enough to be told.
        if exchange.decisions.contains(where: { $0.plugin == entry.label && $0.kind == .failed }) {
            return
        }
        exchange.decisions.append(
            DecisionRecord(plugin: entry.label, kind: .failed, reason: "plugin_error"))
        exchange.outcome.error = "plugin \(entry.label): \(error)"
        worker.log(
            .error, "a plugin failed",
            [
                ("plugin", entry.label), ("error", "\(error)"), ("request_id", exchange.requestID),
                ("route", route.name),
            ])
    }

    // MARK: - Asynchronous hooks

    /// Calls the hook. It runs on this loop, and when it does not suspend it ends within the call.
    /// - Returns: what it decides, or nil when that will come later.
    private func start(_ plugin: any AsyncRequestPhase, _ step: Int) throws -> Decision? {
        if let decision = try plugin.decideAtOnce(exchange) { return decision }
        stage = .waitingForPlugin(step)
        task = .starting
        taskStarted = Ticks.now
        // The exchange does not leave its loop: the task runs there and nowhere else.
        nonisolated(unsafe) let run = self
        Task.immediate(executorPreference: loop) {
            do {
                let decision = try await plugin.request(run.exchange)
                run.ended(.success(decision))
            } catch {
                run.ended(.failure(error))
            }
        }
        if case .endedAtOnce(let result) = task {
            task = .none
            return try result.get()
        }
        task = .suspended
        return nil
    }

    private func ended(_ result: Result<Decision, any Error>) {
        if case .starting = task {
            task = .endedAtOnce(result)
            return
        }
        task = .none
        guard case .waitingForPlugin(let step) = stage else {
            // Answered meanwhile, or the client left. Whoever lets go of it last gives it back.
            if isReleased { worker.recycle(self) }
            return
        }
        let chain = route.chain
        let entry = chain.entries[chain.requestSteps[step].place]
        count(entry, chain.requestSteps[step].place, since: taskStarted, result)
        if apply(result, of: entry) { decide(from: step + 1) }
    }

    var now: MonotonicTime { loop.now }

    func keep(_ wait: Wait, until deadline: MonotonicTime) {
        // Given up, or the client left: then nobody comes to end it.
        guard case .waitingForPlugin = stage else { return _ = wait.finish(.exchangeEnded) }
        loop.timers.set(timer, at: deadline)
    }

    // MARK: - The body

    /// Whether the client's connection should go on reading.
    var wantsBody: Bool {
        switch stage {
        case .waitingForBody: true
        case .upstream: upload.count < Self.uploadBound
        case .waitingToRetry: false
        case .deciding, .waitingForPlugin, .waitingForState, .waitingForPlace:
            !holdsBodyUntilDecided && upload.count < Self.uploadBound
        case .idle, .waitingForAnswer, .streaming, .answering, .ended: false
        }
    }

    private func awaitBody(for step: Int, bound: Int) {
        stage = .waitingForBody(step, bound: bound)
        connection.resumeReading()
    }

    private func bodyExceeds(_ bound: Int) -> Bool {
        if case .length(let length) = bodyFraming, length > bound { return true }
        return upload.count > bound
    }

    /// The body is longer than the plugin at this step accepts, so the plugin is not asked.
    private func bodyIsTooLong(for step: Int) {
        let place = route.chain.requestSteps[step].place
        let entry = route.chain.entries[place]
        turnaround = place
        if record(entry.mode == .observe ? .observed : .refuse, "body_too_large", entry) {
            refuseBody()
        } else {
            passedOver.append(place)
            decide(from: step + 1)
        }
    }

    /// A plugin may have put another body in the client's place.
    private func takeReplacedBody() {
        guard let replaced = exchange.request.replacedBody else { return }
        exchange.request.replacedBody = nil
        upload.removeAll()
        replaced.withUnsafeBufferPointer { upload.append($0) }
        bodyFraming = .length(replaced.count)
    }

    /// Takes what the client has sent.
    func receiveBody(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) {
        exchange.outcome.bytesIn += bytes.count
        guard exchange.outcome.bytesIn <= worker.settings.requestBody else { return refuseBody() }
        guard mayHave(exchange.outcome.bytesIn) else { return }
        upload.append(bytes)
        if isLast {
            bodyHasEnded = true
            waitingSince = loop.now
        }
        switch stage {
        case .waitingForBody(let step, let bound):
            if upload.count > bound { return bodyIsTooLong(for: step) }
            if isLast { decide(from: step) }
        case .upstream:
            guard showUpload() else { return }
            transfer?.bodyAvailable()
        default:
            break
        }
    }

    /// So many bytes more have been announced: too many are refused before they come.
    func expectBody(_ count: Int) {
        // Compared so that no announcement, however large, can overflow.
        let limit = worker.settings.requestBody
        guard wantsBody else { return }
        if count > limit - exchange.outcome.bytesIn { return refuseBody() }
        _ = mayHave(exchange.outcome.bytesIn + count)
    }

    /// Whether plugins let the body have so many bytes; if not, the request has been refused. What comes
    /// before they say so is looked at before it is used.
    private func mayHave(_ count: Int) -> Bool {
        while let passed = exchange.request.takeBound(passedBy: count) {
            let entry = route.chain.entries.first { $0.label == passed.plugin }
            guard let entry,
                !record(entry.mode == .observe ? .observed : .refuse, "body_too_large", entry)
            else {
                refuseBody(longerThan: passed.bytes)
                return false
            }
        }
        return true
    }

    /// Shows the request body phase what it has not seen yet.
    /// - Returns: false when a plugin failed and the exchange is over.
    func showUpload() -> Bool {
        let chain = route.chain
        guard !chain.requestBodySteps.isEmpty else { return true }
        let bytes = UnsafeBufferPointer(rebasing: upload.readable[uploadSeen...])
        uploadSeen = upload.count
        var time = Ticks.now
        exchange.now = loop.now
        for step in chain.requestBodySteps {
            do {
                try step.hook.requestBody(exchange, bytes.span, isLast: bodyHasEnded)
            } catch {
                failed(step.entry, error)
                if step.entry.mode == .enforce {
                    breakOff()
                    return false
                }
            }
            time = count(step.entry, step.place, since: time, phase: .requestBody)
        }
        return true
    }

    /// - Parameter bound: what a plugin allows, where it is not the server that does not allow more.
    func refuseBody(longerThan bound: Int? = nil) {
        exchange.outcome.error = "the request's body is longer than allowed"
        let accepted = bound.map { "the \($0) bytes that are accepted here" }
        giveUpRequest(
            status: 413, reason: "body_too_large",
            message: "The request's body is longer than \(accepted ?? "this server accepts").")
    }

    /// The client's framing is broken.
    func bodyIsMalformed(_ error: HTTPError) {
        bodyIsBroken = true
        exchange.outcome.error = "\(error.message)"
        giveUpRequest(status: error.status, reason: "\(error.reason)", message: "\(error.message)")
    }

    func bodyTimedOut() {
        bodyIsBroken = true
        exchange.outcome.error = "the client stopped sending its request's body"
        giveUpRequest(
            status: 408, reason: "request_timeout",
            message: "The request's body did not arrive in time.")
    }

    /// Answers with an error, or breaks off where an answer is under way already.
    private func giveUpRequest(status: Int, reason: String, message: String) {
        leaveUpstream()
        if bodyIsBroken { connection.endAfterAnswer() }
        if answerHasBegun {
            abort(by: .client, message)
        } else {
            sendError(
                status: status, reason: reason, message: message)
        }
    }
}
