/// What is known of an exchange as members of a JSON object: the activity record, and what the admin
/// listener shows of requests.
package enum ExchangeRecord {
    /// Every key is there, in this order; what has no value is null. The braces are the caller's.
    package static func append(_ exchange: Exchange, to line: JSONBuffer) {
        line.append("\"time\":")
        line.appendString(exchange.startedAt)
        line.append(",\"request_id\":")
        line.appendString(exchange.requestID, nullWhen: exchange.requestID.isEmpty)
        line.append(",\"route\":")
        line.appendString(exchange.route, nullWhen: exchange.route.isEmpty)
        line.append(",\"client\":")
        line.appendOptional(exchange.clientAddress) { line.appendString($0) }
        line.append(",\"peer\":")
        if let address = exchange.peer.address {
            line.appendString(address)
        } else {
            line.append("\"unix\"")
        }
        line.append(",\"identity\":")
        line.appendOptional(exchange[Facts.identity]) { line.appendString($0) }
        line.append(",\"method\":")
        appendHead(exchange.request.methodBytes, to: line)
        line.append(",\"path\":")
        appendHead(exchange.request.pathBytes, to: line)
        line.append(",\"status\":")
        line.appendOptional(exchange.outcome.status == 0 ? nil : exchange.outcome.status) {
            line.appendNumber($0)
        }
        line.append(",\"upstream\":")
        line.appendOptional(exchange.upstream) { line.appendString($0) }
        line.append(",\"attempts\":")
        line.appendNumber(exchange.outcome.attempts)
        line.append(",\"duration_ms\":")
        line.appendMilliseconds(exchange.outcome.duration)
        line.append(",\"upstream_ms\":")
        line.appendOptional(exchange.outcome.upstreamDuration) { line.appendMilliseconds($0) }
        line.append(",\"ttfb_ms\":")
        line.appendOptional(exchange.outcome.timeToFirstByte) { line.appendMilliseconds($0) }
        line.append(",\"bytes_in\":")
        line.appendNumber(exchange.outcome.bytesIn)
        line.append(",\"bytes_out\":")
        line.appendNumber(exchange.outcome.bytesOut)
        line.append(",\"stream\":")
        line.append(Self.isStream(exchange.response) ? "true" : "false")
        line.append(",\"aborted\":")
        switch exchange.outcome.aborted {
        case nil: line.append("null")
        case .client: line.append("\"client\"")
        case .upstream: line.append("\"upstream\"")
        case .proxy: line.append("\"proxy\"")
        }
        appendFacts(of: exchange, to: line)
        appendDecisions(exchange.decisions, to: line)
        line.append(",\"error\":")
        line.appendOptional(exchange.outcome.error) { line.appendString($0) }
    }

    /// A part of the request's head; null when the head was so broken that it was never found.
    private static func appendHead(_ bytes: Bytes, to line: JSONBuffer) {
        line.appendOptional(bytes.isEmpty ? nil : bytes) { line.appendString($0) }
    }

    private static func appendFacts(of exchange: Exchange, to line: JSONBuffer) {
        line.append(",\"model\":")
        line.appendOptional(exchange[Facts.model]) { line.appendString($0) }
        line.append(",\"usage\":")
        line.appendOptional(exchange[Facts.usage]) { usage in
            line.append("{\"input\":")
            line.appendOptional(usage.input) { line.appendNumber($0) }
            line.append(",\"output\":")
            line.appendOptional(usage.output) { line.appendNumber($0) }
            line.append(",\"cached\":")
            line.appendOptional(usage.cached) { line.appendNumber($0) }
            line.append(",\"cache_write\":")
            line.appendOptional(usage.cacheWrite) { line.appendNumber($0) }
            line.append(",\"long_cache_write\":")
            line.appendOptional(usage.longCacheWrite) { line.appendNumber($0) }
            line.append(",\"reasoning\":")
            line.appendOptional(usage.reasoning) { line.appendNumber($0) }
            line.append(",\"total\":")
            line.appendOptional(usage.total) { line.appendNumber($0) }
            line.append(usage.isEstimated ? ",\"estimated\":true}" : ",\"estimated\":false}")
        }
        line.append(",\"cost_usd\":")
        line.appendOptional(exchange[Facts.cost]) { line.appendString($0.amount) }
        line.append(",\"cost_source\":")
        line.appendOptional(exchange[Facts.cost]) { line.appendString($0.source.rawValue) }
        line.append(",\"finish_reason\":")
        line.appendOptional(exchange[Facts.finishReason]) { line.appendString($0) }
    }

    private static func appendDecisions(_ decisions: [DecisionRecord], to line: JSONBuffer) {
        line.append(",\"decisions\":[")
        for (index, decision) in decisions.enumerated() {
            line.append(index == 0 ? "{\"plugin\":" : ",{\"plugin\":")
            line.appendString(decision.plugin)
            line.append(",\"decision\":")
            line.appendString(decision.kind.rawValue)
            line.append(",\"reason\":")
            line.appendString(decision.reason)
            line.append("}")
        }
        line.append("]")
    }

    /// Whether an answer is an event stream.
    package static func isStream(_ response: Response) -> Bool {
        let stream: StaticString = "text/event-stream"
        let length = stream.utf8CodeUnitCount
        var isStream: Bool?
        response.headers.forEachBytes { name, value in
            guard isStream == nil, ASCII.isToken(name, "content-type") else { return }
            let start = UnsafeBufferPointer(rebasing: value.prefix(length))
            isStream =
                ASCII.equalsIgnoringCase(
                    start, UnsafeBufferPointer(start: stream.utf8Start, count: length))
                && (value.count == length || !ASCII.isTokenByte(value[length]))
        }
        return isStream ?? false
    }
}

extension JSONBuffer {
    fileprivate func appendString(_ text: String, nullWhen isMissing: Bool) {
        if isMissing { append("null") } else { appendString(text) }
    }
}
