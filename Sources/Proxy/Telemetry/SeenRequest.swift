import PluginAPI

/// A request as it is kept for the admin listener: what its record shows, and what each plugin did.
///
/// Kept as plain values, because it is taken of every request; text is made of it only for who asks.
struct SeenRequest: Sendable {
    private var startedAt = WallTime(microseconds: 0)
    private var requestID = ""
    private var route = ""
    private var upstream: String?
    private var peer = Peer.local
    /// The method, then the path; a long path is cut.
    private var head: [UInt8] = []
    private var methodLength = 0
    private var isStream = false
    private var outcome = Outcome()
    private var decisions: [DecisionRecord] = []
    private var facts = LearntFacts()
    /// Of the plugins that have been asked, in the chain's order.
    private var labels: ArraySlice<String> = []
    /// What the hooks of each took, in nanoseconds.
    private var times: [UInt32] = []
    /// What it is doing; nil when it has ended.
    private var stage: StaticString?
    private var trace: JSONValue?

    private static let headBound = 256

    init() {}

    /// Takes the place of what was kept here, in the same memory.
    mutating func take(
        _ run: ExchangeRun, stage: StaticString? = nil
    ) {
        let exchange = run.exchange
        startedAt = exchange.startedAt
        requestID = exchange.assignedRequestID ?? ""
        route = exchange.route
        upstream = exchange.upstream
        peer = exchange.peer
        isStream = ExchangeRecord.isStream(exchange.response)
        outcome = exchange.outcome
        decisions = exchange.decisions
        facts = LearntFacts(exchange)
        labels = run.route.chain.labels.prefix(run.turnaround)
        self.stage = stage
        trace = run.traceIsProvisional ? nil : run.trace?.json
        times.removeAll(keepingCapacity: true)
        times.append(contentsOf: run.hookTimes.prefix(labels.count))
        head.removeAll(keepingCapacity: true)
        exchange.request.methodBytes.withBytes { head.append(contentsOf: $0) }
        methodLength = head.count
        exchange.request.pathBytes.withBytes {
            head.append(contentsOf: $0.prefix(Self.headBound - min(methodLength, Self.headBound)))
        }
    }

    /// One under way, as it is at this moment.
    init(_ run: ExchangeRun, stage: StaticString) { take(run, stage: stage) }

    var beginning: WallTime { startedAt }

    /// Whether a plugin has refused it.
    var isRefused: Bool { decisions.contains { $0.kind == .refuse } }
    /// Whether it has come to nothing, and no plugin has willed it.
    var hasFailed: Bool {
        guard !isRefused else { return false }
        return outcome.error != nil || outcome.status >= 500
            || route.isEmpty && outcome.status == 404
    }

    /// What it has under a key of its record, or under one of its plugins' decisions.
    func values(of key: String) -> [String] {
        let value: String?
        switch key {
        case "request_id": value = requestID
        case "route": value = route
        case "client": value = (facts.client ?? peer.address).map { "\($0)" }
        case "identity": value = facts.identity
        case "method": value = String(decoding: head[..<methodLength], as: UTF8.self)
        case "path": value = String(decoding: head[methodLength...], as: UTF8.self)
        case "status": value = String(outcome.status)
        case "upstream": value = upstream
        case "aborted": value = outcome.aborted?.rawValue
        case "plugin": return decisions.map(\.plugin)
        case "decision": return decisions.map(\.kind.rawValue)
        case "reason": return decisions.map(\.reason)
        default: value = nil
        }
        return [value].compactMap(\.self)
    }

    /// Writes it as a JSON object: the record's members, `stage` where it has not ended, and `plugins`.
    func append(to line: JSONBuffer) {
        line.append("{")
        let exchange = Exchange()
        exchange.restore(
            startedAt: startedAt, requestID: requestID, route: route, upstream: upstream,
            peer: peer,
            method: head[..<methodLength], path: head[methodLength...], isStream: isStream,
            outcome: outcome, decisions: decisions)
        facts.restore(to: exchange)
        ExchangeRecord.append(exchange, to: line)
        if let stage {
            line.append(",\"stage\":\"")
            line.append(stage)
            line.append("\"")
        }
        line.append(",\"plugins\":[")
        for (index, label) in labels.enumerated() {
            if index > 0 { line.append(",") }
            append(label, index < times.count ? times[index] : 0, to: line)
        }
        line.append("]")
        if let trace {
            line.append(",\"trace\":")
            line.appendVerbatim(trace.description)
        }
        line.append("}")
    }

    private func append(_ label: String, _ time: UInt32, to line: JSONBuffer) {
        let decision = decisions.first { $0.plugin == label }
        line.append("{\"plugin\":")
        line.appendString(label)
        line.append(",\"decision\":")
        line.appendString(decision?.kind.rawValue ?? "proceed")
        line.append(",\"reason\":")
        line.appendOptional(decision?.reason) { line.appendString($0) }
        line.append(",\"duration_us\":")
        line.appendMilliseconds(.nanoseconds(Int64(time) * 1000))
        line.append("}")
    }
}
