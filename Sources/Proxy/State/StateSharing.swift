import PluginAPI
import Synchronization

/// How it stands with the Redis that shares the state, over all event loops: for the log, the metrics
/// and the admin listener.
package final class StateSharing: Sendable {
    /// What happened to it, as operators see it.
    package enum Condition: Sendable, Equatable {
        /// Nothing is shared: the state is in memory by choice.
        case memory
        /// No loop has had an answer yet.
        case connecting
        case shared
        /// At least one loop decides without Redis.
        case away(why: String)
    }

    private struct Standing {
        var policy: UnavailableStatePolicy?
        /// By the worker's number; absent until it has had an answer.
        var isReady: [Int: Bool] = [:]
        var why: [Int: String] = [:]
        var isReportedAway = false
        /// Redis's words, while it answers and does not do.
        var refusal: String?
    }

    private let log: Log
    private let errors: Counter
    private let standing = Locked(Standing())
    private let isRefusing = Atomic(false)
    /// Changes whenever a connection is lost: what is known here may not be known there any more.
    private let lossCount = Atomic<UInt32>(1)

    package init(log: Log, metrics: any Metrics) {
        self.log = log
        errors = metrics.counter(
            "state_errors_total", "Steps of shared state that Redis did not take.", labels: [])
        metrics.gauge(
            "state_fallback_active",
            "Whether requests are decided without the Redis that shares the state (0 or 1).",
            labels: []
        ) { [standing] in standing.withLock { $0.isReportedAway || $0.refusal != nil } ? 1 : 0 }
    }

    var mark: UInt32 { lossCount.load(ordering: .relaxed) }

    package var condition: Condition {
        standing.withLock { standing in
            guard standing.policy != nil else { return .memory }
            if let why = standing.why.values.first ?? standing.refusal { return .away(why: why) }
            return standing.isReady.isEmpty ? .connecting : .shared
        }
    }

    /// What is done while Redis is away; nil where the state is in memory.
    package var policy: UnavailableStatePolicy? { standing.withLock { $0.policy } }

    func use(_ policy: UnavailableStatePolicy?) {
        let news: (UnavailableStatePolicy, String)? = standing.withLock { standing in
            defer { standing.policy = policy }
            guard let policy, standing.isReportedAway, policy != standing.policy else { return nil }
            return (policy, standing.why.values.first ?? "")
        }
        if let (policy, why) = news { tellAway(policy, why) }
    }

    /// A step was not taken by Redis.
    func failed() { errors.add() }

    /// Redis answers, but does not take steps: out of memory, or this user may not.
    func refused(_ words: String) {
        lossCount.wrappingAdd(1, ordering: .relaxed)
        guard !isRefusing.exchange(true, ordering: .relaxed) else { return }
        standing.withLock { $0.refusal = words }
        log(.error, "shared state is refused by Redis", [("reason", words)])
    }

    func taken() {
        guard isRefusing.load(ordering: .relaxed),
            isRefusing.exchange(false, ordering: .relaxed)
        else { return }
        standing.withLock { $0.refusal = nil }
        log(.info, "shared state is taken by Redis again")
    }

    func ready(_ worker: Int) {
        let isBack = standing.withLock { standing in
            standing.isReady[worker] = true
            standing.why[worker] = nil
            guard standing.isReportedAway, standing.why.isEmpty else { return false }
            standing.isReportedAway = false
            return true
        }
        if isBack { log(.info, "shared state is back: Redis answers again") }
    }

    func away(_ worker: Int, _ why: String) {
        lossCount.wrappingAdd(1, ordering: .relaxed)
        let policy: UnavailableStatePolicy? = standing.withLock { standing in
            standing.isReady[worker] = false
            standing.why[worker] = why
            guard !standing.isReportedAway else { return nil }
            standing.isReportedAway = true
            return standing.policy
        }
        if let policy { tellAway(policy, why) }
    }

    /// What keeps it away now is not what the outage began with.
    func stillAway(_ worker: Int, _ why: String) {
        standing.withLock { $0.why[worker] = why }
    }

    private func tellAway(_ policy: UnavailableStatePolicy, _ why: String) {
        let meanwhile =
            switch policy {
            case .local: "limits are counted by this process alone"
            case .allow: "no limit is enforced"
            case .deny: "limited requests are refused"
            }
        log(
            .warning, "shared state is away: \(meanwhile) until Redis answers again",
            [("reason", why), ("when_unavailable", policy.rawValue)])
    }

    /// A worker that does not ask this Redis any more. Whom it asks next may know nothing of what is
    /// known here.
    func forget(_ worker: Int) {
        lossCount.wrappingAdd(1, ordering: .relaxed)
        standing.withLock {
            $0.isReady[worker] = nil
            $0.why[worker] = nil
            if $0.why.isEmpty { $0.isReportedAway = false }
            $0.refusal = nil
        }
    }
}
