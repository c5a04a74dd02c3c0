import PluginAPI

/// What the plugin knows of one exchange, from its request to its end. It is used for one after another.
final class Metering {
    private let prices: ModelPrices
    /// The model that answered, or that the request asks for while none has; nil when nobody says.
    private(set) var model: PricedModel?
    /// The one that answered, where it is not the one that was asked for.
    private(set) var learntModel: PricedModel?
    /// The one by whose price is charged.
    private(set) var charged: PricedModel?
    /// About how many tokens the prompt is.
    private var estimatedInput = 0
    /// The upstream is asked for its usage, and the client did not ask.
    private(set) var asksForUsage = false
    let answer = AnswerMeter()
    /// The answer is of a kind that is charged for.
    var isAnswered = false
    /// The text that the estimate so far is of.
    var estimatedText = TextMeasure()

    init(_ prices: ModelPrices) { self.prices = prices }

    /// Forgets the exchange before.
    func begin(_ model: PricedModel?, estimatedInput: Int, asksForUsage: Bool) {
        self.model = model
        charged = model
        learntModel = nil
        self.estimatedInput = estimatedInput
        self.asksForUsage = asksForUsage
        isAnswered = false
        estimatedText = TextMeasure()
        answer.reset()
    }

    /// Whether an instance with these prices meters the exchange: of several in a chain only one does.
    func isOf(_ prices: ModelPrices) -> Bool { self.prices === prices }

    /// Why usage is an estimate.
    enum Estimate: String, CaseIterable, Sendable {
        /// The client left before the upstream said it.
        case clientLeft = "client_left"
        /// The answer broke off.
        case brokenOff = "broken_off"
        /// The answer came to its end and did not say it.
        case notReported = "not_reported"
        /// The answer was coded, though it had been asked for as it is, and could not be read.
        case coded
    }

    /// What the exchange has taken, and why that is an estimate if it is; nil when nothing is to be
    /// charged.
    func usage(of exchange: Exchange) -> (usage: TokenUsage, estimate: Estimate?)? {
        let reported = answer.report.numbers.usage
        let hasEnded = answer.hasEnded
        if let reported, answer.report.isWhole,
            hasEnded || answer.report.text == answer.report.reportedText
        {
            return (reported, nil)
        }
        guard isAnswered else {
            // The upstream has begun to work on a request whose client did not wait for the answer.
            let outcome = exchange.outcome
            guard outcome.aborted == .client, outcome.attempts > 0, exchange.response.status == 0
            else { return reported.map { ($0, nil) } }
            return (estimate(), .clientLeft)
        }
        if answer.reading == .coded { return (estimate(), .coded) }
        if answer.reading == .none || hasEnded, reported == nil, answer.report.text.isEmpty {
            return nil
        }
        let reason: Estimate =
            hasEnded ? .notReported : exchange.outcome.aborted == .client ? .clientLeft : .brokenOff
        return (estimate(), reason)
    }

    /// What has passed so far: what was reported, and about what has come since.
    func estimate() -> TokenUsage {
        var usage = answer.report.numbers.usage ?? TokenUsage()
        let since = answer.report.text - answer.report.reportedText
        usage.input = usage.input ?? estimatedInput
        usage.output = (usage.output ?? 0) + since.estimatedTokens
        usage.total = (usage.input ?? 0) + (usage.output ?? 0)
        usage.isEstimated = true
        return usage
    }

    // MARK: - The price

    /// What the tokens cost: by the model that answered if it has a price, else by the one that was asked
    /// for.
    func cost(of usage: TokenUsage) -> Cost {
        learnModel()
        // The provider knows best, but not of what came after it said so.
        if !usage.isEstimated, let amount = answer.report.numbers.cost {
            return Cost(amount, source: .provider)
        }
        guard let charged, let price = charged.price else {
            return Cost(.zero, source: .unpriced)
        }
        return Cost(
            price.cost(of: usage, serviceTier: answer.report.serviceTier), source: charged.source)
    }

    /// Takes over which model answers, once that is known.
    private func learnModel() {
        guard !answer.report.model.isEmpty else { return }
        let found: PricedModel? = answer.report.model.withBytes { name in
            model?.isNamed(name) ?? false ? nil : prices.model(name)
        }
        guard let found else { return }
        model = found
        learntModel = found
        if charged?.source != .prices || found.source == .prices { charged = found }
    }
}
