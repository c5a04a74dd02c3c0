import PluginAPI

/// Takes one request through its chain, to the upstream and back: what happens to an exchange, in order.
///
/// It stands between a client's connection and a transfer, both on the same loop, and is reused for
/// other requests when it is done. This file holds its state, its beginning and its end; the request's
/// way is in ExchangeRun+Request, the answer's in ExchangeRun+Response, the upstream's side in
/// ExchangeRun+Upstream.
final class ExchangeRun {
    let worker: Worker
    let exchange = Exchange()

    /// Nil once the client is gone and the upstream's answer is still read.
    unowned(unsafe) var connection: ClientConnection!
    /// The configuration with which it began, and this worker's share of it.
    var service: WorkerService!
    var route: Route!
    var stage = Stage.idle
    /// Whether the completed phase has run.
    var isCompleted = false

    // The request's body
    /// What has come from the client and not yet gone to the upstream.
    var upload = ByteBuffer()
    var bodyFraming = BodyFraming.none
    /// Everything has come from the client.
    var bodyHasEnded = true
    var bodyIsBroken = false
    var holdsBodyUntilDecided = false
    /// How much of `upload` the request body phase has seen.
    var uploadSeen = 0
    let requestTrailers = Headers()

    // The upstream's side
    var transfer: (any Transfer)?
    var pool: UpstreamPool?
    /// Whether one of the pool's places is taken by this exchange.
    var hasPlace = false
    /// Where the transfer goes.
    var choice: TargetChoice?
    /// What the target said, whatever plugins have made of it.
    var targetStatus = 0
    var triedTargets: [Int] = []
    var upstreamStarted: MonotonicTime?
    /// How often a transfer has been begun, whether or not it came to a connection.
    var attemptsMade = 0
    /// Whether the whole request was there when it was sent, so that it can be sent again.
    var isReplayable = false
    /// How often this attempt has been written to a connection.
    var sends = 0
    var timer: LoopTimer!
    var receivingIsPaused = false

    /// Of a local service.
    var stream: LocalStream?

    // The answer's side
    var headIsSent = false
    /// The head that was sent is not the upstream's, which is still to come.
    var headIsEarly = false
    /// When the client was last sent something of the body; kept where there is a filler.
    var lastSent = MonotonicTime(nanoseconds: 0)
    var silence: SilenceWatch?
    /// The answer's body, while its head is held back for it.
    var heldBody = ByteBuffer()
    /// The plugins before this place in the chain have seen the request, so they see the answer.
    var turnaround = 0
    /// The places of observed plugins that could not be asked.
    var passedOver: [Int] = []
    var began = MonotonicTime(nanoseconds: 0)
    /// What the hooks of each plugin took, by its place in the chain.
    let hookTimes = HookTimes()
    /// The client has not yet shown that it may have its exchange explained.
    var traceIsProvisional = false
    /// What the hooks did, where that is to be explained.
    var trace: Trace?
    /// Since when the client has been waiting; nil while it sends its request.
    var waitingSince: MonotonicTime?

    /// In the chain's order.
    var awaitedSteps: ContiguousArray<AwaitedStep> = []
    var missingOutcomes = 0
    var heldDecision: HeldDecision?
    /// An asynchronous hook of this exchange, or a step of its, is under way; the object must not be reused before it ends.
    var task = TaskState.none
    var taskStarted = Ticks.now
    /// The connection has let go of it while a task was under way.
    var isReleased = false

    enum TaskState {
        case none
        /// The hook is being called and may end within the call.
        case starting
        case endedAtOnce(Result<Decision, any Error>)
        case suspended
    }

    enum Stage {
        case idle
        /// The request phase, at this step.
        case deciding(Int)
        /// An asynchronous hook is under way.
        case waitingForPlugin(Int)
        /// Steps of shared state are under way; then the chain goes on from this step.
        case waitingForState(Int)
        /// A plugin reads the whole body, up to a bound.
        case waitingForBody(Int, bound: Int)
        /// All places at the upstream are taken.
        case waitingForPlace
        case upstream
        /// The request is going to be sent to the upstream again.
        case waitingToRetry
        /// A local service makes the answer.
        case waitingForAnswer
        /// A local service's answer goes on piece by piece.
        case streaming
        /// The answer is complete, or was made here; what is left is to send it.
        case answering
        case ended
    }

    /// How much of a request's body is held for an upstream that does not take it.
    static let uploadBound = 64 << 10

    init(_ worker: Worker) {
        self.worker = worker
        timer = LoopTimer(self)
        exchange.waitKeeper = self
    }

    deinit { worker.loop.timers.cancel(timer) }

    var loop: EventLoop { worker.loop }

    // MARK: - The beginning

    func firstByteArrived() {
        began = loop.now
        exchange.startedAt = loop.wall
    }

    /// The head is complete. Body bytes that are already there may be given before `start`.
    func begin(_ connection: ClientConnection, framing: BodyFraming, expectsContinue: Bool) {
        prepare(connection)
        bodyFraming = framing
        bodyHasEnded = !framing.hasBody
        if bodyHasEnded { waitingSince = loop.now }
        holdsBodyUntilDecided = expectsContinue
        // Before a plugin sees them, or a client could name a plugin's field in Connection.
        HopByHop.remove(from: exchange.request.headers)
        route = service.generation.route(for: exchange.request)
        exchange.route = route.name
        exchange.upstream = route.upstream?.name
        if exchange.request.headers.first(.xSluiceExplain) != nil { prepareTrace() }
        if let dryRun = worker.dryRun { dryRun.began(self) }
        if case .length(let length) = framing, length > worker.settings.requestBody { refuseBody() }
    }

    /// Sets out through the chain.
    func start() {
        guard case .deciding = stage else { return }
        if case .admin(let service) = connection.endpoint.service {
            ask(service)
        } else {
            decide(from: 0)
        }
    }

    /// The head is not usable. It is answered and recorded without going through a chain.
    func refuseHead(_ connection: ClientConnection, status: Int, reason: String, message: String) {
        prepare(connection)
        route = service.generation.unmatched
        exchange.outcome.error = message
        sendError(status: status, reason: reason, message: message)
    }

    private func prepare(_ connection: ClientConnection) {
        self.connection = connection
        service = worker.service
        exchange.peer = connection.peer
        exchange.now = loop.now
        exchange.state = worker.state
        stage = .deciding(0)
        isCompleted = false
        if isProxied { worker.metrics.requestsStarted.add() }
    }

    /// Whether it is a client's request, and not one to the admin listener.
    private var isProxied: Bool {
        guard let connection else { return true }
        return if case .proxy = connection.endpoint.service { true } else { false }
    }

    /// As the admin listener shows it while it is under way; nil for a request that has not come to a chain.
    var seen: SeenRequest? {
        guard !isCompleted, isProxied, service != nil else { return nil }
        let name: StaticString
        switch stage {
        case .idle, .ended, .waitingForAnswer, .streaming: return nil
        case .deciding: name = "deciding"
        case .waitingForPlugin: name = "waiting for a plugin"
        case .waitingForState: name = "waiting for shared state"
        case .waitingForBody: name = "waiting for the request's body"
        case .waitingForPlace: name = "waiting for a place at the upstream"
        case .waitingToRetry: name = "waiting to retry"
        case .upstream: name = answerHasBegun ? "receiving the answer" : "waiting for the upstream"
        case .answering: name = "sending the answer"
        }
        exchange.outcome.duration = loop.time.monotonic - began
        return SeenRequest(self, stage: name)
    }

    // MARK: - The end

    /// The answer has left, or there will be none. Runs the completed phase, once.
    func complete() {
        guard !isCompleted else { return }
        isCompleted = true
        stage = .ended
        exchange.wait?.finish(.exchangeEnded)
        leaveUpstream()
        // Read anew: all of a short exchange may happen in one turn.
        let now = loop.time.monotonic
        exchange.now = now
        exchange.outcome.duration = now - began
        if !isDetached { exchange.outcome.clientWait = waitingSince.map { now - $0 } }
        if exchange.outcome.status == 0 { exchange.outcome.status = exchange.response.status }
        guard isProxied else { return }
        worker.metrics.requestsEnded.add()
        service.count(exchange, route)
        let chain = route.chain
        defer {
            if worker.settings.hasAdmin { worker.requests.add(self) }
            if let dryRun = worker.dryRun { dryRun.ended(self) }
        }
        var time = Ticks.now
        for step in chain.completedSteps {
            trace?.begin(step.entry, "completed", exchange)
            step.hook.completed(exchange)
            time = count(step.entry, step.place, since: time, phase: .completed)
        }
    }

    /// Counts the time of a hook, and takes its part in an explanation.
    /// - Returns: the time now, from which the next hook's is counted.
    @inline(__always)
    @discardableResult
    func count(
        _ entry: Chain.Entry, _ place: Int, since start: Ticks,
        _ result: Result<Decision, any Error>? = nil, phase: Phase = .request
    ) -> Ticks {
        let now = Ticks.now
        let nanoseconds = now.nanoseconds(since: start)
        service.countTime(entry.number, nanoseconds: nanoseconds)
        hookTimes.add(nanoseconds, at: place)
        if let trace { trace.end(entry, exchange, result, duration: nanoseconds) }
        if let observer = exchange.observer {
            observer.hookEnded(exchange, entry.label, phase, nanoseconds: nanoseconds)
        }
        return now
    }

    /// The client has closed its connection.
    func clientIsGone() {
        guard !isCompleted else { return }
        if case .idle = stage { return }
        exchange.outcome.aborted = .client
        exchange.outcome.status = 499
        exchange.outcome.error =
            headIsSent
            ? "the client left before the answer's end" : "the client left before the answer"
        if exchange.finishesWithoutClient, bodyHasEnded, case .upstream = stage {
            detach()
        } else {
            complete()
        }
    }

    /// The drain's time is over.
    func terminated() {
        guard !isCompleted else { return }
        if case .idle = stage { return }
        exchange.outcome.error = "the proxy stopped before the answer's end"
        if isDetached { return endDetached() }
        exchange.outcome.aborted = .proxy
        if !headIsSent { exchange.outcome.status = 503 }
        complete()
    }

    /// Breaks the exchange off after the answer's head has gone out.
    func abort(by party: Outcome.Party, _ error: String) {
        exchange.outcome.error = error
        if isDetached { return endDetached() }
        exchange.outcome.aborted = party
        let connection = connection!
        complete()
        connection.abort()
    }

    // MARK: - Without its client

    /// The client is gone, and the upstream's answer is read to its end for the plugins.
    var isDetached: Bool { connection == nil }

    private func detach() {
        exchange.outcome.clientWait = waitingSince.map { loop.now - $0 }
        connection = nil
        worker.detached(self)
        clientHasRoom()
    }

    /// The upstream's answer has ended, or will not come.
    func endDetached() {
        complete()
        worker.detachedEnded(self)
    }

    /// The client reads, though it has not yet read everything.
    func clientTookBytes() {
        guard case .answering = stage else { return }
        loop.timers.set(timer, at: loop.now + worker.settings.keepAliveTimeout)
    }

    /// Whether the object can serve another request now. If not, it can when its task has ended.
    var isReusable: Bool {
        if case .none = task { true } else { false }
    }

    /// Forgets everything of this request.
    func reset() {
        stage = .idle
        connection = nil
        service = nil
        route = nil
        exchange.reset()
        upload.removeAll()
        if upload.capacity > 4096 { upload.release() }
        bodyFraming = .none
        bodyHasEnded = true
        bodyIsBroken = false
        holdsBodyUntilDecided = false
        uploadSeen = 0
        requestTrailers.removeAll()
        if !triedTargets.isEmpty { triedTargets.removeAll(keepingCapacity: true) }
        upstreamStarted = nil
        receivingIsPaused = false
        stream = nil
        attemptsMade = 0
        headIsSent = false
        headIsEarly = false
        if heldBody.capacity > 0 { heldBody.release() }
        waitingSince = nil
        turnaround = 0
        hookTimes.reset()
        traceIsProvisional = false
        if trace != nil { trace = nil }
        if !passedOver.isEmpty { passedOver.removeAll() }
        isCompleted = false
        isReleased = false
    }
}
