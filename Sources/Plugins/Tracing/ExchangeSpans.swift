import PluginAPI

/// Writes the spans of an exchange that has completed, a line each: its own, then those within it. Names and
/// attributes are those of OpenTelemetry's semantic conventions for HTTP, and `sluice.…` for what those do not know.
struct ExchangeSpans {
    private let trace: ExchangeTrace
    private let exchange: Exchange
    private let text: JSONBuffer
    /// What has to be added to a monotonic time to make it nanoseconds since 1970.
    private let offset: Int64
    private let start: Int64

    /// A path may be as long as a request line.
    private static let pathBound = 1024

    init(_ trace: ExchangeTrace, of exchange: Exchange, to text: JSONBuffer) {
        self.trace = trace
        self.exchange = exchange
        self.text = text
        // One reading of the calendar for all of them, or they would not fit together.
        start = exchange.startedAt.microseconds * 1000
        let duration = exchange.outcome.duration.nanoseconds
        offset = start &- Int64(bitPattern: exchange.now.nanoseconds) &+ duration
    }

    /// - Returns: how many spans those are.
    func write() -> Int {
        writeServer()
        for (number, attempt) in trace.attempts.enumerated() { write(attempt, number) }
        for hook in trace.slowHooks { write(hook) }
        return 1 + trace.attempts.count + trace.slowHooks.count
    }

    private func unix(_ time: MonotonicTime) -> Int64 {
        // A first hook may have begun within the microsecond in which the request arrived.
        max(start, Int64(bitPattern: time.nanoseconds) &+ offset)
    }

    // MARK: The exchange

    private func writeServer() {
        let (request, outcome) = (exchange.request, exchange.outcome)
        var span = SpanText(
            in: text, trace: trace.place.trace, span: trace.place.span, parent: trace.parent,
            parentIsRemote: trace.parent != nil)
        span.name { text in
            appendMethod(to: text, unknown: "HTTP")
            guard !exchange.route.isEmpty else { return }
            text.append(" ")
            text.appendEscaped(exchange.route)
        }
        span.kind(.server)
        span.times(start, start &+ outcome.duration.nanoseconds)
        addMethod(to: &span)
        span.attribute("url.scheme", exchange[Facts.forwardedProto] ?? "http")
        span.attribute("url.path") { text in
            let path = request.pathBytes
            path.withBytes {
                text.appendEscaped(UnsafeBufferPointer(rebasing: $0.prefix(Self.pathBound)))
            }
        }
        span.attribute("http.route", exchange.route.isEmpty ? nil : exchange.route)
        span.attribute("http.response.status_code", outcome.status == 0 ? nil : outcome.status)
        if let (host, port) = trace.host.flatMap({ HostAndPort.split($0, defaultPort: 0) }) {
            span.attribute("server.address", host)
            span.attribute("server.port", port == 0 ? nil : Int(port))
        }
        if let client = exchange.clientAddress {
            span.attribute("client.address") { $0.appendAddress(client) }
        }
        if case .address(let address, let port) = exchange.peer {
            span.attribute("network.peer.address") { $0.appendAddress(address) }
            span.attribute("network.peer.port", Int(port))
        }
        span.attribute("network.protocol.version", request.minorVersion == 0 ? "1.0" : "1.1")
        span.attribute("http.request.body.size", outcome.bytesIn)
        span.attribute("http.response.body.size", outcome.bytesOut)
        span.attribute("sluice.request_id", exchange.requestID)
        span.attribute("sluice.upstream", exchange.upstream)
        span.attribute(
            "sluice.decisions",
            list: exchange.decisions.map { "\($0.plugin): \($0.kind.rawValue) \($0.reason)" })
        span.attribute("sluice.aborted_by", outcome.aborted?.rawValue)
        span.attribute(
            "sluice.slow_hooks_not_shown", trace.unshownHooks == 0 ? nil : trace.unshownHooks)
        let type = errorType(outcome)
        span.attribute("error.type", type)
        span.end(error: type.map { _ in outcome.error ?? "" })
    }

    /// That a client was refused or left is no error of the server's (semantic conventions, "Status").
    private func errorType(_ outcome: Outcome) -> String? {
        switch outcome.aborted {
        case .upstream, .proxy: "aborted"
        case .client, nil: outcome.status >= 500 ? String(outcome.status) : nil
        }
    }

    private func addMethod(to span: inout SpanText) {
        span.attribute("http.request.method") { appendMethod(to: $0, unknown: "_OTHER") }
        guard exchange.request.method == .other else { return }
        span.attribute("http.request.method_original") { text in
            exchange.request.methodBytes.withBytes {
                text.appendEscaped(UnsafeBufferPointer(rebasing: $0.prefix(32)))
            }
        }
    }

    private func appendMethod(to text: JSONBuffer, unknown: StaticString) {
        if exchange.request.method == .other {
            text.append(unknown)
        } else {
            exchange.request.methodBytes.withBytes { text.append($0) }
        }
    }

    // MARK: Within it

    private func write(_ attempt: ExchangeTrace.Attempt, _ number: Int) {
        let (target, result) = (attempt.target, attempt.result)
        var span = SpanText(
            in: text, trace: trace.place.trace, span: attempt.span, parent: trace.place.span)
        span.name { appendMethod(to: $0, unknown: "HTTP") }
        span.kind(.client)
        span.times(unix(attempt.start), unix(attempt.end ?? exchange.now))
        addMethod(to: &span)
        span.attribute("server.address", target.host)
        span.attribute("server.port", target.port)
        addURL(of: target, to: &span)
        span.attribute("http.response.status_code", result?.status)
        span.attribute("http.request.resend_count", number == 0 ? nil : number)
        span.attribute("sluice.upstream", exchange.upstream)
        // Of an answer to a client, 400 and more are errors.
        let status = result?.status.flatMap { $0 >= 400 ? String($0) : nil }
        let type = result?.failure?.rawValue ?? status
        span.attribute("error.type", type)
        span.end(error: type.map { _ in result?.detail ?? "" })
    }

    /// Without the query, which may hold a secret.
    private func addURL(of target: AttemptTarget, to span: inout SpanText) {
        guard let port = target.port else { return }
        span.attribute("url.full") { text in
            text.append(target.isSecure ? "https://" : "http://")
            text.appendEscaped(target.host.contains(":") ? "[\(target.host)]" : target.host)
            if port != (target.isSecure ? 443 : 80) {
                text.append(":")
                text.appendNumber(port)
            }
            exchange.request.target.withBytes { target in
                let path = target.prefix { $0 != UInt8(ascii: "?") }.prefix(Self.pathBound)
                text.appendEscaped(UnsafeBufferPointer(rebasing: path))
            }
        }
    }

    private func write(_ hook: ExchangeTrace.SlowHook) {
        var span = SpanText(
            in: text, trace: trace.place.trace, span: hook.span, parent: trace.place.span)
        span.name { text in
            text.appendEscaped(hook.plugin)
            text.append(" ")
            text.append(hook.phase.words)
        }
        span.kind(.internal)
        span.times(unix(hook.start), unix(hook.end))
        span.attribute("sluice.plugin", hook.plugin)
        span.attribute("sluice.phase") { $0.append(hook.phase.words) }
        var failure: String?
        if hook.phase == .request,
            let decision = exchange.decisions.first(where: { $0.plugin == hook.plugin })
        {
            span.attribute("sluice.decision", decision.kind.rawValue)
            span.attribute("sluice.reason", decision.reason)
            if decision.kind == .failed { failure = decision.reason }
        }
        span.attribute("error.type", failure)
        span.end(error: failure.map { _ in "" })
    }
}

extension Phase {
    fileprivate var words: StaticString {
        switch self {
        case .request: "request"
        case .requestBody: "request body"
        case .responseHead: "response head"
        case .responseBody: "response body"
        case .completed: "completed"
        }
    }
}

extension JSONBuffer {
    fileprivate func appendEscaped(_ text: String) {
        var text = text
        text.withUTF8 { appendEscaped($0) }
    }

    fileprivate func appendAddress(_ address: IPAddress) { address.withText { append($0) } }
}
