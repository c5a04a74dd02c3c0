import PluginAPI

/// What came of a request that was taken through a chain.
package struct DryRunResult: Sendable {
    /// The name of the route; empty when none matched.
    package let route: String
    /// What the client would have seen.
    package let status: Int
    /// What plugins decided, without those that let it proceed.
    package let decisions: [DecisionRecord]
    /// The upstream and the head with which the request would have gone there; nil when it would not have.
    package let forwarded: (upstream: String, head: [String])?
    let parts: [Trace.Part]
    package let trace: JSONValue
    /// The whole answer, as bytes on the wire.
    package internal(set) var answer: [UInt8] = []
}

/// Stands by while a request is taken through a chain.
final class DryRunObserver {
    private(set) var result: DryRunResult?
    /// Whose request comes next, where requests are held.
    var beginning: HeldRequest?
    private var answer: Answer?
    private var seed: ((Exchange) -> Void)?
    private var forwarded: (upstream: String, head: [String])?

    func prepare(_ answer: Answer, _ seed: ((Exchange) -> Void)?) {
        result = nil
        forwarded = nil
        self.answer = answer
        self.seed = seed
    }

    func began(_ run: ExchangeRun) {
        if let held = beginning {
            beginning = nil
            return held.began(run)
        }
        run.trace = Trace()
        seed?(run.exchange)
    }

    /// The request would go to the upstream now.
    /// - Returns: what is answered in the upstream's place; nil where it is held there.
    func reachedUpstream(_ run: ExchangeRun) -> Answer? {
        guard let answer, let upstream = run.route.upstream else { return nil }
        let exchange = run.exchange
        Forwarding.prepareRequest(exchange, route: run.route)
        Forwarding.setHost(exchange, target: upstream.targets[0], upstream: upstream)
        let request = exchange.request
        let fields = request.headers.places.map { place in
            let name = request.headers.name(at: place).string
            let isSecret =
                Secrecy.isSecret(field: name)
                || upstream.headers.contains { $0.0.string.lowercased() == name.lowercased() }
            return "\(name): \(isSecret ? "[redacted]" : request.headers.value(at: place).string)"
        }
        forwarded = (
            upstream.name, ["\(request.methodName) \(request.target.string) HTTP/1.1"] + fields
        )
        return answer
    }

    func ended(_ run: ExchangeRun) {
        let exchange = run.exchange
        if let held = exchange[HeldRequest.ofExchange] { return held.ended(run) }
        result = DryRunResult(
            route: exchange.route, status: exchange.outcome.status, decisions: exchange.decisions,
            forwarded: forwarded, parts: run.trace?.parts ?? [],
            trace: run.trace?.json ?? .array([]))
    }
}
