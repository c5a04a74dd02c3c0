import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Requests of which several are under way at once, each hook called by hand.
struct Visits {
    let proxy: TestProxy
    let budget: Budget
    private let meter: Meter
    private let state: any StateAccess

    init(_ config: String, replicaOf other: Visits? = nil) throws {
        proxy = TestProxy(replicaOf: other?.proxy)
        meter = try proxy.add(Meter.self)
        budget = try proxy.add(Budget.self, config)
        state = try #require(proxy.setup(label: "budget").state as? any StateAccess)
    }

    /// A request that has been decided about.
    struct Visit {
        let exchange: Exchange
        let decision: Decision
        let step: StateStep?

        var isAdmitted: Bool { if case .proceed = decision { true } else { false } }
        var reason: String? {
            if case .refuse(let refusal) = decision { refusal.reason } else { nil }
        }
    }

    /// - Parameter isDecided: whether the plugin is asked what to make of its step.
    func begin(_ identity: String = "alice", expected: String, isDecided: Bool = true) -> Visit {
        let exchange = TestRequest(
            headers: ["x-identity": identity, "x-expected": expected, "x-tier": "gold"]
        ).exchange(at: proxy.time)
        exchange.state = state
        _ = meter.request(exchange)
        guard let step = budget.step(exchange) else {
            return Visit(exchange: exchange, decision: .proceed, step: nil)
        }
        var decision = Decision.proceed
        state.take(step) { if isDecided { decision = budget.decide(exchange, step, $0) } }
        return Visit(exchange: exchange, decision: decision, step: step)
    }

    func end(_ visit: Visit, cost: String?) {
        visit.exchange.outcome.attempts = 1
        visit.exchange[Facts.cost] = cost.flatMap { Money(decimal: $0) }.map {
            Cost($0, source: .provider)
        }
        budget.completed(visit.exchange)
    }

    /// Takes back the step of a request that a plugin before has refused, as the proxy does.
    func withdraw(_ visit: Visit) {
        if let step = visit.step, let withdrawal = budget.withdrawal(of: step) {
            state.take(withdrawal)
        }
    }
}
