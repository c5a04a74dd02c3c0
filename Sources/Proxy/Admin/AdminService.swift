import PluginAPI

/// The admin listener: what the process is doing, for operators and their tools.
final class AdminService: LocalService {
    private let store: MetricsStore
    private let status: ServerStatus
    private let sharing: StateSharing
    private let connections: ConnectionCount

    init(
        store: MetricsStore, status: ServerStatus, sharing: StateSharing,
        connections: ConnectionCount
    ) {
        self.sharing = sharing
        self.store = store
        self.status = status
        self.connections = connections
    }

    func answer(_ exchange: Exchange, _ generation: Generation) -> Answer {
        let path = exchange.request.path
        guard let page = pages[path] else {
            return Self.json(
                404,
                [
                    "error": .string("no such page"),
                    "pages": .array(pages.keys.sorted().map { .string($0) }),
                ])
        }
        guard ["GET", "HEAD"].contains(exchange.request.methodName) else {
            var answer = Self.json(405, ["error": .string("\(path) is read with GET")])
            answer.headers.append(("allow", "GET, HEAD"))
            return answer
        }
        return page(generation, exchange)
    }

    private var pages: [String: (Generation, Exchange) -> Answer] {
        [
            "/healthz": health, "/readyz": readiness, "/metrics": metrics, "/plugins": plugins,
            "/upstreams": upstreams,
        ]
    }

    private func health(_: Generation, _: Exchange) -> Answer {
        Self.json(200, ["status": .string("ok")])
    }

    private func readiness(_: Generation, _: Exchange) -> Answer {
        let state = status.state
        return Self.json(
            state == .ready ? 200 : 503, ["status": .string("\(state)"), "state": sharedState])
    }

    /// How limits are counted. Requests are served either way, so it does not decide about readiness.
    private var sharedState: JSONValue {
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

    private func plugins(_ generation: Generation, _: Exchange) -> Answer {
        Self.json(
            200,
            PluginsPage.render(
                generation, store.contents.withLock { $0 }, state: sharedState))
    }

    private func upstreams(_ generation: Generation, _ exchange: Exchange) -> Answer {
        Self.json(
            200, UpstreamsPage.render(generation, at: exchange.now, wall: exchange.startedAt))
    }

    private func metrics(_ generation: Generation, _ exchange: Exchange) -> Answer {
        let text = MetricsPage.render(
            store.contents.withLock { $0 }, connections: connections.value,
            upstreams: generation.upstreams, at: exchange.now)
        return Answer(
            headers: [
                ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
                ("cache-control", "no-store"),
            ],
            body: Array(text.utf8))
    }

    private static func json(_ status: Int, _ value: JSONValue) -> Answer {
        Answer(
            status: status,
            headers: [("content-type", "application/json"), ("cache-control", "no-store")],
            body: Array((value.description + "\n").utf8))
    }
}
