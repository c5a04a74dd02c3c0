import PluginAPI
import Proxy

/// One request's way through a chain, phase by phase, as the proxy's own runs go.
final class ChainRun: WaitKeeper {
    private let chain: [TestProxy.Entry]
    private let request: TestRequest
    private let upstream: UpstreamAnswer
    private let time: ManualTime
    private let state: StateStore
    let exchange: Exchange
    private let started: MonotonicTime
    /// Since when the client has been waiting.
    private var waitingSince: MonotonicTime
    private(set) var result: TestResult
    /// What ends the request before the upstream; nil when it goes there.
    private var answer: Answer?
    /// How many plugins the request has gone through: its answer goes back through these.
    private var turnaround = 0
    /// A plugin has ended the answer.
    private var endsEarly = false

    init(
        _ request: TestRequest, _ chain: [TestProxy.Entry], _ upstream: UpstreamAnswer,
        _ time: ManualTime, _ state: StateStore
    ) {
        self.request = request
        self.chain = chain
        self.upstream = upstream
        self.time = time
        self.state = state
        exchange = request.exchange(at: time)
        exchange.state = state
        started = time.monotonic
        waitingSince = started
        result = TestResult(exchange: exchange)
        exchange.waitKeeper = self
    }

    deinit { exchange.waitKeeper = nil }

    /// The request phase.
    func decide() async { answer = await firstAnswer() }

    /// Everything after the request phase.
    func end() throws -> TestResult {
        if let answer = answer ?? sendUpstream() {
            try send(answer)
        } else {
            try sendUpstreamsAnswer()
        }
        complete()
        return result
    }

    /// The client leaves before the answer.
    func clientLeaves() {
        exchange.outcome.aborted = .client
        exchange.outcome.status = 499
        exchange.outcome.error = "the client left before the answer"
        complete()
    }

    private func complete() {
        exchange.wait?.finish(.exchangeEnded)
        exchange.now = time.monotonic
        exchange.outcome.duration = time.monotonic - started
        exchange.outcome.clientWait = time.monotonic - waitingSince
        let entries = chain.map { entry in
            Chain.Entry(label: entry.label, mode: .enforce, plugin: entry.plugin, number: 0)
        }
        for hook in Chain(entries).completedHooks { hook.completed(exchange) }
    }

    // MARK: - Waiting

    var now: MonotonicTime { time.monotonic }

    func keep(_ wait: Wait, until deadline: MonotonicTime) { time.end(wait, at: deadline) }

    // MARK: - The request

    /// - Returns: the answer that ends the request here; nil when it proceeds.
    private func firstAnswer() async -> Answer? {
        exchange.outcome.bytesIn = exchange.request.contentLength ?? 0
        for entry in chain {
            turnaround += 1
            guard entry.plugin.takesPart(in: .request) else { continue }
            do {
                if let end = try await decide(entry) { return end }
            } catch {
                if let end = failure(of: entry, error) {
                    turnaround -= 1
                    return end
                }
            }
        }
        return nil
    }

    private func decide(_ entry: TestProxy.Entry) async throws -> Answer? {
        if let plugin = entry.plugin as? any RequestPhase,
            let end = end(try plugin.request(exchange), by: entry)
        {
            return end
        }
        if let plugin = entry.plugin as? any SharedStatePhase,
            let step = try plugin.step(exchange),
            let end = end(try plugin.decide(exchange, step, state.run(step)), by: entry)
        {
            return end
        }
        if let plugin = entry.plugin as? any AsyncRequestPhase {
            let atOnce = try plugin.decideAtOnce(exchange)
            let decision = if let atOnce { atOnce } else { try await plugin.request(exchange) }
            if let end = end(decision, by: entry) { return end }
        }
        guard let plugin = entry.plugin as? any WholeRequestPhase else { return nil }
        // All of it is waited for, whether or not its length was announced.
        if let end = receive(request.body.count) { return end }
        let body = exchange.request.replacedBody ?? Array(request.body.runs.joined())
        guard body.count <= plugin.bodyLimit else {
            exchange.outcome.error = "the request's body is longer than allowed"
            return error(413, "body_too_large")
        }
        return end(try plugin.request(exchange, body: body.span), by: entry)
    }

    /// So much of the body has come.
    /// - Returns: the refusal of a plugin that accepts less.
    private func receive(_ count: Int) -> Answer? {
        exchange.outcome.bytesIn = max(exchange.outcome.bytesIn, count)
        while let passed = exchange.request.takeBound(passedBy: exchange.outcome.bytesIn) {
            guard let entry = chain.first(where: { $0.label == passed.plugin }) else { continue }
            let refusal = Refusal(status: 413, reason: "body_too_large")
            if let end = end(.refuse(refusal), by: entry) { return end }
        }
        return nil
    }

    private func end(_ decision: Decision, by entry: TestProxy.Entry) -> Answer? {
        let kind: DecisionRecord.Kind
        let answer: Answer
        switch decision {
        case .proceed: return nil
        case .refuse(let refusal):
            kind = .refuse
            answer = Answer(refusing: refusal, requestID: exchange.requestID)
        case .answer(let made):
            kind = .answer
            answer = made
        }
        let isObserved = entry.mode == .observe
        exchange.decisions.append(
            DecisionRecord(
                plugin: entry.label, kind: isObserved ? .observed : kind, reason: answer.reason))
        return isObserved ? nil : answer
    }

    /// - Returns: nil when the plugin is only observed, and the request goes on.
    private func failure(of entry: TestProxy.Entry, _ failure: any Error) -> Answer? {
        exchange.decisions.append(
            DecisionRecord(plugin: entry.label, kind: .failed, reason: "plugin_error"))
        exchange.outcome.error = "plugin \(entry.label): \(failure)"
        return entry.mode == .observe ? nil : error(500, "plugin_error")
    }

    private func error(_ status: Int, _ reason: String) -> Answer {
        Answer(refusing: Refusal(status: status, reason: reason), requestID: exchange.requestID)
    }

    /// - Returns: the answer of the proxy when none comes from the upstream.
    private func sendUpstream() -> Answer? {
        let runs = exchange.request.replacedBody.map { $0.isEmpty ? [] : [$0] } ?? request.body.runs
        var received = 0
        for (index, run) in runs.enumerated() {
            received += run.count
            if exchange.request.replacedBody == nil, let end = receive(received) { return end }
            for entry in chain where entry.plugin.takesPart(in: .requestBody) {
                guard let plugin = entry.plugin as? any RequestBodyPhase else { continue }
                do {
                    try plugin.requestBody(exchange, run.span, isLast: index == runs.count - 1)
                } catch {
                    turnaround = 0
                    if let end = failure(of: entry, error) { return end }
                    turnaround = chain.count
                }
            }
        }
        waitingSince = time.monotonic
        exchange.outcome.attempts = 1
        exchange.outcome.target = "192.0.2.200:80"
        exchange.outcome.upstreamDuration = upstream.delay
        exchange.observer?.attemptBegins(
            exchange, to: AttemptTarget(host: "192.0.2.200", port: 80, isSecure: false))
        time.advance(by: upstream.delay)
        exchange.now = time.monotonic
        if upstream.status == 0 {
            exchange.outcome.error = "the upstream cannot be reached"
            exchange.observer?.attemptEnded(
                exchange,
                AttemptResult(
                    status: nil, failure: .unreachable, detail: "the upstream cannot be reached"))
            return error(502, "upstream_unreachable")
        }
        result.sent = TestResult.Sent(
            target: exchange.request.target.string, headers: FieldList(exchange.request.headers),
            body: BodyRuns(runs))
        return nil
    }

    // MARK: - The answer

    private func sendUpstreamsAnswer() throws {
        let response = exchange.response
        response.source = .upstream
        response.status = upstream.status
        for (name, value) in upstream.headers {
            response.headers.append(HeaderName(testing: name), value)
        }
        response.contentLength = response.headers["content-length"]?.decimal
        var runs = upstream.body.runs
        if upstream.ending == .whole, upstream.endsAlone || runs.isEmpty { runs.append([]) }
        guard showHead() else { return try send(error(500, "plugin_error")) }
        response.headIsHeld =
            response.headHold >= upstream.body.count && upstream.ending == .whole
            && response.headHold > 0
        sendHead()
        try sendBody(runs, isWhole: upstream.ending == .whole)
        exchange.observer?.attemptEnded(
            exchange,
            upstream.ending == .upstreamBreaks
                ? AttemptResult(
                    status: upstream.status, failure: .broken, detail: "the upstream broke off")
                : AttemptResult(status: upstream.status))
        if response.headIsHeld {
            response.headIsHeld = false
            result.answer?.headers = FieldList(response.headers)
        }
        switch upstream.ending {
        case .whole: break
        case .clientLeaves:
            exchange.outcome.aborted = .client
            exchange.outcome.status = 499
            exchange.outcome.error = "the client left before the answer's end"
        case .upstreamBreaks:
            exchange.outcome.aborted = .upstream
            exchange.outcome.error = "the upstream broke off"
        }
    }

    private func send(_ answer: Answer) throws {
        fill(from: answer)
        var body = answer.body
        if !showHead() {
            let failed = error(500, "plugin_error")
            fill(from: failed)
            body = failed.body
        }
        sendHead()
        try sendBody([body], isWhole: true)
    }

    private func fill(from answer: Answer) {
        let response = exchange.response
        response.reset()
        response.source = .proxy
        response.status = answer.status
        response.contentLength = answer.body.count
        for (name, value) in answer.headers {
            response.headers.append(HeaderName(testing: name), value)
        }
        response.headers.set("x-request-id", to: exchange.requestID)
    }

    /// The plugins that the request has gone through, last to first.
    private var way: ReversedCollection<ArraySlice<TestProxy.Entry>> {
        chain[..<turnaround].reversed()
    }

    /// - Returns: false when a plugin failed; none is asked again.
    private func showHead() -> Bool {
        for entry in way where entry.plugin.takesPart(in: .responseHead) {
            guard let plugin = entry.plugin as? any ResponseHeadPhase else { continue }
            do {
                try plugin.responseHead(exchange)
            } catch {
                guard failure(of: entry, error) != nil else { continue }
                turnaround = 0
                return false
            }
        }
        return true
    }

    private func sendHead() {
        let response = exchange.response
        exchange.outcome.status = response.status
        exchange.outcome.timeToFirstByte = time.monotonic - started
        waitingSince = time.monotonic
        result.answer = TestResult.Answer(
            status: response.status, headers: FieldList(response.headers), body: "")
    }

    private func sendBody(_ runs: [[UInt8]], isWhole: Bool) throws {
        var delivered: [[UInt8]] = []
        for (index, run) in runs.enumerated() {
            guard let run = try pass(run, isLast: isWhole && index == runs.count - 1) else { break }
            if !run.isEmpty { delivered.append(run) }
            if endsEarly { break }
        }
        result.answer?.body = BodyRuns(delivered)
        exchange.outcome.bytesOut = delivered.reduce(0) { $0 + $1.count }
    }

    /// - Returns: nil when a plugin failed, and the answer is broken off.
    private func pass(_ run: [UInt8], isLast: Bool) throws -> [UInt8]? {
        var run = run
        var isLast = isLast
        for entry in way where entry.plugin.takesPart(in: .responseBody) {
            guard let plugin = entry.plugin as? any ResponseBodyPhase else { continue }
            do {
                let decision = try plugin.responseBody(exchange, run.span, isLast: isLast)
                switch decision {
                case .pass: continue
                case .replace(let bytes): run = bytes
                case .end(let bytes):
                    run = bytes
                    isLast = true
                    endsEarly = true
                }
                guard exchange.response.bodyIsChanged else {
                    throw UnannouncedChange(label: entry.label)
                }
            } catch let error as UnannouncedChange {
                throw error
            } catch {
                guard failure(of: entry, error) != nil else { continue }
                exchange.outcome.aborted = .proxy
                return nil
            }
        }
        return run
    }
}

/// A plugin replaced bytes of an answer whose length had been announced, which ends the process.
struct UnannouncedChange: Error, CustomStringConvertible {
    let label: String

    var description: String {
        "plugin \"\(label)\" replaced bytes of an answer; expected it to call "
            + "exchange.response.bodyWillChange() in its response head phase"
    }
}

extension Answer {
    /// An error answer in the form in which the proxy writes it.
    fileprivate init(refusing refusal: Refusal, requestID: String) {
        self.init(
            status: refusal.status, reason: refusal.reason,
            headers: [("content-type", "application/json")] + refusal.headers,
            body: ErrorBody.make(
                status: refusal.status, reason: refusal.reason, message: refusal.message,
                requestID: requestID))
    }
}
