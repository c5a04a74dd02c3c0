import PluginAPI

/// Where the admin listener's pages get what they show.
struct AdminSources: Sendable {
    let store: MetricsStore
    let status: ServerStatus
    let sharing: StateSharing
    let connections: ConnectionCount
    /// Those that serve clients.
    let workers: [Worker]
    /// Of the admin listener's own loop.
    let history: History
    let time: any TimeSource
    /// Reads the configuration anew, and tells what came of it.
    let reload: @Sendable () async -> ReloadResult

    /// Asks every worker something, each on its own loop.
    func gather<Value: Sendable>(_ ask: @escaping @Sendable (Worker) -> Value) async -> [Value] {
        var values: [Value] = []
        for worker in workers {
            values.append(
                await withCheckedContinuation { continuation in
                    worker.loop.submit { continuation.resume(returning: ask(worker)) }
                })
        }
        return values
    }

    /// How limits are counted. Requests are served either way, so it does not decide about readiness.
    var sharedState: JSONValue {
        let policy = JSONValue.string(sharing.policy?.rawValue ?? "")
        return switch sharing.condition {
        case .memory: ["kind": "memory"]
        case .connecting: ["kind": "redis", "status": "connecting", "when_unavailable": policy]
        case .shared: ["kind": "redis", "status": "shared", "when_unavailable": policy]
        case .away(let why):
            [
                "kind": "redis", "status": "away", "reason": .string(why),
                "when_unavailable": policy,
            ]
        }
    }
}
