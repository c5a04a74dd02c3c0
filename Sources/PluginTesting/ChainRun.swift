import PluginAPI

/// One request's way through a chain, phase by phase.
final class ChainRun {
    private let chain: [TestProxy.Entry]
    private let request: TestRequest
    private let upstream: UpstreamAnswer
    private let time: ManualTime
    private let exchange: Exchange
    private let started: MonotonicTime
    private var result: TestResult

    init(
        _ request: TestRequest, _ chain: [TestProxy.Entry], _ upstream: UpstreamAnswer,
        _ time: ManualTime
    ) {
        self.request = request
        self.chain = chain
        self.upstream = upstream
        self.time = time
        exchange = request.exchange(at: time)
        started = time.monotonic
        result = TestResult(exchange: exchange)
    }

    func result() async throws -> TestResult {
        if let refusal = await decide() {
            try answer(refusal)
        } else if let refusal = sendUpstream() {
            try answer(refusal)
        } else {
            try answerFromUpstream()
        }
        complete()
        return result
    }

    // MARK: The request

    /// - Returns: the answer that ends the request here; nil when it proceeds.
    private func decide() async -> Answer? {
        for entry in chain {
            do {
                if let plugin = entry.plugin as? any RequestPhase,
                    let end = end(try plugin.request(exchange), by: entry)
                {
                    return end
                }
                if let plugin = entry.plugin as? any AsyncRequestPhase,
                    let end = end(try await plugin.request(exchange), by: entry)
                {
                    return end
                }
                if let plugin = entry.plugin as? any WholeRequestPhase {
                    let body = Array(request.body.runs.joined())
                    guard body.count <= plugin.bodyLimit else {
                        return end(.refuse(413, reason: "body_too_large"), by: entry)
                    }
                    if let end = end(try plugin.request(exchange, body: body.span), by: entry) {
                        return end
                    }
                }
            } catch {
                return failure(of: entry, error)
            }
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

    private func failure(of entry: TestProxy.Entry, _ error: any Error) -> Answer {
        exchange.decisions.append(
            DecisionRecord(plugin: entry.label, kind: .failed, reason: "plugin_failed"))
        exchange.outcome.error = "plugin \"\(entry.label)\" failed: \(error)"
        return Answer(
            refusing: Refusal(status: 500, reason: "plugin_failed"), requestID: exchange.requestID)
    }

    private func sendUpstream() -> Answer? {
        let runs = exchange.request.replacedBody.map { $0.isEmpty ? [] : [$0] } ?? request.body.runs
        exchange.outcome.bytesIn = request.body.count
        for (index, run) in runs.enumerated() {
            for entry in chain {
                guard let plugin = entry.plugin as? any RequestBodyPhase else { continue }
                do {
                    try plugin.requestBody(exchange, run.span, isLast: index == runs.count - 1)
                } catch {
                    return failure(of: entry, error)
                }
            }
        }
        exchange.outcome.attempts = 1
        exchange.outcome.target = "192.0.2.200:80"
        time.advance(by: upstream.delay)
        exchange.now = time.monotonic
        exchange.outcome.upstreamDuration = upstream.delay
        if upstream.status == 0 {
            exchange.outcome.error = "the upstream cannot be reached"
            return Answer(
                refusing: Refusal(status: 502, reason: "upstream_unreachable"),
                requestID: exchange.requestID)
        }
        result.sent = TestResult.Sent(
            target: exchange.request.target.string, headers: FieldList(exchange.request.headers),
            body: BodyRuns(runs))
        return nil
    }

    // MARK: The answer

    private func answerFromUpstream() throws {
        let response = exchange.response
        response.source = .upstream
        response.status = upstream.status
        for (name, value) in upstream.headers {
            response.headers.append(HeaderName(testing: name), value)
        }
        response.contentLength = response.headers["content-length"]?.decimal
        var runs = upstream.body.runs
        if upstream.endsAlone { runs.append([]) }
        try deliver(runs, ending: upstream.ending)
    }

    private func answer(_ answer: Answer) throws {
        let response = exchange.response
        response.source = .proxy
        response.status = answer.status
        for (name, value) in answer.headers {
            response.headers.append(HeaderName(testing: name), value)
        }
        response.contentLength = answer.body.count
        try deliver([answer.body], ending: .whole)
    }

    private func deliver(_ runs: [[UInt8]], ending: UpstreamAnswer.Ending) throws {
        let response = exchange.response
        for entry in chain.reversed() {
            if let plugin = entry.plugin as? any ResponseHeadPhase {
                try plugin.responseHead(exchange)
            }
        }
        exchange.outcome.status = response.status
        exchange.outcome.timeToFirstByte = time.monotonic - started
        result.answer = TestResult.Answer(
            status: response.status, headers: FieldList(response.headers), body: "")
        let isWhole = ending == .whole
        let runs = runs.isEmpty && isWhole ? [[]] : runs
        var delivered: [[UInt8]] = []
        for (index, run) in runs.enumerated() {
            let passed = try pass(run, isLast: isWhole && index == runs.count - 1)
            if !passed.isEmpty { delivered.append(passed) }
        }
        result.answer?.body = BodyRuns(delivered)
        exchange.outcome.bytesOut = delivered.reduce(0) { $0 + $1.count }
        switch ending {
        case .whole: break
        case .clientLeaves: exchange.outcome.aborted = .client
        case .upstreamBreaks:
            exchange.outcome.aborted = .upstream
            exchange.outcome.error = "the upstream broke off"
        }
    }

    private func pass(_ run: [UInt8], isLast: Bool) throws -> [UInt8] {
        var run = run
        for entry in chain.reversed() {
            guard let plugin = entry.plugin as? any ResponseBodyPhase else { continue }
            switch try plugin.responseBody(exchange, run.span, isLast: isLast) {
            case .pass: break
            case .replace(let bytes):
                guard exchange.response.bodyIsChanged else {
                    throw UnannouncedChange(label: entry.label)
                }
                run = bytes
            }
        }
        return run
    }

    // MARK: The end

    private func complete() {
        exchange.outcome.duration = time.monotonic - started
        for entry in chain.reversed() {
            (entry.plugin as? any CompletedPhase)?.completed(exchange)
        }
    }
}

/// A plugin replaced bytes of an answer whose length had been announced.
struct UnannouncedChange: Error, CustomStringConvertible {
    let label: String

    var description: String {
        "plugin \"\(label)\" replaced bytes of an answer; expected it to call "
            + "exchange.response.bodyWillChange() in its response head phase"
    }
}

extension Answer {
    /// An error answer as the proxy writes it.
    fileprivate init(refusing refusal: Refusal, requestID: String) {
        let body: JSONValue = [
            "error": [
                "message": .string(
                    refusal.message ?? refusal.reason.replacing("_", with: " ")),
                "type": "proxy_error", "code": .string(refusal.reason), "param": nil,
                "request_id": .string(requestID),
            ]
        ]
        self.init(
            status: refusal.status, reason: refusal.reason,
            headers: [("content-type", "application/json")] + refusal.headers,
            body: Array(body.description.utf8))
    }
}
