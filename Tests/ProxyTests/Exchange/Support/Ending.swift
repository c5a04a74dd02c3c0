import PluginAPI

/// How an exchange ended, as the completed phase shows it.
struct Ending: Sendable {
    let outcome: Outcome
    let decisions: [DecisionRecord]
    let route: String
    let upstream: String?
    let method: String
    let target: String
    let requestID: String
    let fields: [Field]

    init(_ exchange: Exchange) {
        outcome = exchange.outcome
        decisions = exchange.decisions
        route = exchange.route
        upstream = exchange.upstream
        method = exchange.request.methodName
        target = exchange.request.target.string
        requestID = exchange.requestID
        fields = Field.list(exchange.request.headers)
    }

    /// `b refuse not_today`
    var decided: [String] { decisions.map { "\($0.plugin) \($0.kind.rawValue) \($0.reason)" } }
}
