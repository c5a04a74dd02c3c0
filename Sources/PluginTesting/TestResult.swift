import PluginAPI

/// What became of one request.
public struct TestResult {
    /// The exchange after its completed phase.
    public let exchange: Exchange
    /// What the client saw; nil when it, or the proxy, broke off before there was an answer.
    public internal(set) var answer: Answer?
    /// What the upstream got; nil when the request did not reach it.
    public internal(set) var sent: Sent?

    /// An answer as the client saw it.
    public struct Answer: Sendable {
        public let status: Int
        public internal(set) var headers: FieldList
        public internal(set) var body: BodyRuns
    }

    /// A request as the upstream got it.
    public struct Sent: Sendable {
        public let target: String
        public let headers: FieldList
        public let body: BodyRuns
    }

    public var status: Int { exchange.outcome.status }
    public var headers: FieldList { answer?.headers ?? FieldList(Response().headers) }
    public var body: String { answer?.body.text ?? "" }

    /// What plugins decided, without those that let the request proceed.
    public var decisions: [DecisionRecord] { exchange.decisions }
    /// Why the request ended before the upstream, or would have; nil when every plugin let it proceed.
    public var reason: String? { decisions.last?.reason }

    /// What is known of a fact at the end.
    public subscript<Value>(fact: Fact<Value>) -> Value? { exchange[fact] }
}
