import PluginAPI
import Proxy

/// What becomes of a request.
enum Verdict: Hashable {
    /// It goes to its upstream.
    case passes
    /// A plugin refuses it; the proxy itself where there is no plugin.
    case refused(Cause)
    /// A plugin answers it.
    case answered(Cause)
    /// Its client leaves while it waits for its turn.
    case left

    /// By whom, and why.
    struct Cause: Hashable {
        /// Nil for the proxy itself.
        let plugin: String?
        let status: Int
        let reason: String
    }

    /// - Parameter held: one that has ended.
    init(_ held: HeldRequest) {
        if let decision = held.decisions.first(where: { $0.kind == .refuse }) {
            self = .refused(
                Cause(plugin: decision.plugin, status: held.status, reason: decision.reason))
        } else if held.hasReachedUpstream {
            self = .passes
        } else if let decision = held.decisions.first(where: { $0.kind == .answer }) {
            self = .answered(
                Cause(plugin: decision.plugin, status: held.status, reason: decision.reason))
        } else if held.status == 499 {
            self = .left
        } else {
            let failed = held.decisions.first { $0.kind == .failed }
            self = .refused(
                Cause(
                    plugin: failed?.plugin, status: held.status,
                    reason: failed?.reason ?? (held.status == 404 ? "route_not_found" : "")))
        }
    }

    /// What the record says.
    init(_ record: ReplayRequest.Record, status: Int?) {
        func cause(_ decision: ReplayRequest.Decision) -> Cause {
            Cause(plugin: decision.plugin, status: status ?? 0, reason: decision.reason)
        }
        if let decision = record.decisions.first(where: { $0.kind == "refuse" }) {
            self = .refused(cause(decision))
        } else if status == 499, record.attempts == 0 {
            self = .left
        } else if record.attempts > 0 || record.hasUpstream {
            self = .passes
        } else if let decision = record.decisions.first(where: { $0.kind == "answer" }) {
            self = .answered(cause(decision))
        } else {
            let failed = record.decisions.first { $0.kind == "failed" }
            self = .refused(
                Cause(
                    plugin: failed?.plugin, status: status ?? 0,
                    reason: failed?.reason ?? (status == 404 ? "route_not_found" : "")))
        }
    }

    var isRefusal: Bool { if case .refused = self { true } else { false } }

    /// `ip-limiter 429 rate_limit_exceeded`
    var words: String {
        switch self {
        case .passes: "passes"
        case .refused(let cause): "\(cause.words)"
        case .answered(let cause): "answered by \(cause.words)"
        case .left: "its client leaves"
        }
    }

    var json: JSONValue {
        switch self {
        case .passes: ["decision": "pass"]
        case .refused(let cause): .object([.init("decision", "refuse")] + cause.members)
        case .answered(let cause): .object([.init("decision", "answer")] + cause.members)
        case .left: ["decision": "left"]
        }
    }
}

extension Verdict.Cause {
    /// `ip-limiter 429 rate_limit_exceeded`
    var words: String {
        [plugin ?? "sluice", "\(status)", reason].filter { !$0.isEmpty }.joined(separator: " ")
    }

    var members: [JSONValue.Member] {
        [
            .init("plugin", plugin.map { .string($0) } ?? .null), .init("status", .number(status)),
            .init("reason", reason.isEmpty ? .null : .string(reason)),
        ]
    }
}
