import PluginAPI

/// Tells what a request may cost and what it cost, by its fields: `x-expected`, `x-cost` (US dollars, once
/// it has been sent), and the same in tokens.
struct Meter: RequestPhase, ResponseBodyPhase, CompletedPhase {
    static let name = "meter"
    static let writes: [any FactDeclaration] = [
        Facts.identity, Facts.tier, Facts.expectedCost, Facts.expectedUsage,
        Facts.cost.whenCompleted, Facts.usage.whenCompleted,
    ]

    struct Configuration: PluginConfiguration {
        init() {}
    }

    /// What has passed of an answer.
    private static let passed = Fact<Int>("meter_passed")

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision {
        let headers = exchange.request.headers
        exchange[Facts.identity] = headers["x-identity"]?.string
        exchange[Facts.tier] = headers["x-tier"]?.string
        exchange[Facts.expectedCost] = headers["x-expected"].flatMap { Money(decimal: $0.string) }
        exchange[Facts.expectedUsage] = headers["x-expected-tokens"]?.decimal.map {
            TokenUsage(total: $0)
        }
        return .proceed
    }

    /// Each `#` costs a dollar, or ten tokens.
    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) -> BodyDecision {
        guard exchange.request.headers["x-cost"] == nil else { return .pass }
        for index in bytes.indices where bytes[index] == UInt8(ascii: "#") {
            exchange[Self.passed, default: 0] += 1
        }
        let events = exchange[Self.passed] ?? 0
        exchange[Facts.cost] = Cost(Money(picodollars: 1_000_000_000_000) * events, source: .prices)
        exchange[Facts.usage] = TokenUsage(input: 0, output: 10 * events)
        return .pass
    }

    func completed(_ exchange: Exchange) {
        let headers = exchange.request.headers
        guard exchange.response.source == .upstream else { return }
        if let cost = headers["x-cost"].flatMap({ Money(decimal: $0.string) }) {
            exchange[Facts.cost] = Cost(cost, source: .provider)
        }
        if let tokens = headers["x-cost-tokens"]?.decimal {
            exchange[Facts.usage] = TokenUsage(total: tokens)
        }
    }
}
