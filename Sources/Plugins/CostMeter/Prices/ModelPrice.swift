import PluginAPI

/// The prices of one model, ready to be multiplied.
final class ModelPrice: Sendable {
    /// As its entry is called, which may be a pattern. A file has only so many, so it can label metrics.
    let name: String
    /// Of each tier those for the longest prompts first, and for any prompt last.
    private let bands: [Band]

    /// What is charged for a token of each kind.
    private struct Band {
        let tier: ServiceTier
        let above: Int
        let input, cached, cacheWrite, longCacheWrite, output, reasoning: Money

        init(_ rates: PriceRates) {
            tier = rates.tier
            above = rates.above ?? -1
            input = rates.input.perToken
            cached = rates.cached?.perToken ?? input
            cacheWrite = rates.cacheWrite?.perToken ?? input
            longCacheWrite = rates.longCacheWrite?.perToken ?? cacheWrite
            output = rates.output.perToken
            reasoning = rates.reasoning?.perToken ?? output
        }
    }

    /// - Precondition: there are rates without tier and bound among them.
    init(name: String, rates: [PriceRates]) {
        self.name = name
        bands = rates.map(Band.init).sorted { $0.above > $1.above }
        precondition(rates.contains(where: \.areBase), "a model without a price")
    }

    /// What the tokens cost, exactly. The prices for long prompts hold for all tokens of such a request.
    ///
    /// Where a provider's numbers contradict each other, a part is never more than what it is a part of;
    /// and what is missing of input, output and total is told from the other two.
    /// - Parameter serviceTier: as the provider reports it. Where the model has no prices for it, those of
    ///   the standard tier are taken.
    func cost(of usage: TokenUsage, serviceTier: ServiceTier?) -> Money {
        let input = max(0, usage.input ?? Self.difference(usage.total, usage.output))
        let output = max(0, usage.output ?? Self.difference(usage.total, input))
        let cached = Self.part(usage.cached, of: input)
        let written = Self.part(usage.cacheWrite, of: input - cached)
        let writtenLong = Self.part(usage.longCacheWrite, of: written)
        let reasoning = Self.part(usage.reasoning, of: output)

        let band = band(serviceTier ?? .standard, input: input)
        var cost = band.input * (input - cached - written)
        cost += band.cached * cached
        cost += band.cacheWrite * (written - writtenLong)
        cost += band.longCacheWrite * writtenLong
        cost += band.output * (output - reasoning)
        cost += band.reasoning * reasoning
        return cost
    }

    /// What so many tokens may cost at most, whatever the provider does with its cache, and however much of
    /// the answer is thinking: what a budget reserves for a request of which no more is known.
    func highestCost(input: Int, output: Int, serviceTier: ServiceTier?) -> Money {
        let (input, output) = (max(0, input), max(0, output))
        let band = band(serviceTier ?? .standard, input: input)
        let dearest = max(band.input, band.cached, band.cacheWrite, band.longCacheWrite)
        return dearest * input + max(band.output, band.reasoning) * output
    }

    private func band(_ tier: ServiceTier, input: Int) -> Band {
        if let band = bands.first(where: { $0.tier == tier && $0.above < input }) { return band }
        // There are always standard ones for any prompt.
        return bands.first { $0.tier == .standard && $0.above < input }!
    }

    private static func part(_ count: Int?, of whole: Int) -> Int { min(max(count ?? 0, 0), whole) }

    private static func difference(_ total: Int?, _ part: Int?) -> Int {
        guard let total else { return 0 }
        return max(0, total) - min(max(part ?? 0, 0), max(0, total))
    }
}
