import PluginAPI

/// `/healthz` and `/readyz`, for load balancers and supervisors.
enum HealthPages {
    static var health: LocalAnswer { .json(200, ["status": "ok"]) }

    static func readiness(_ sources: AdminSources) -> LocalAnswer {
        let state = sources.status.state
        return .json(
            state == .ready ? 200 : 503,
            ["status": .string("\(state)"), "state": sources.sharedState])
    }
}
