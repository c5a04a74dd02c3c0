import PluginAPI

/// The metrics of what answers took.
final class UsageCounters: Sendable {
    /// Those of one upstream and model.
    final class Series: Sendable {
        private let input, output, cached, cacheWrite, reasoning, cost: Counter

        fileprivate init(upstream: String, model: String, _ setup: Setup) {
            let labels = [("upstream", upstream), ("model", model)]
            func tokens(_ kind: String) -> Counter {
                setup.metrics.counter(
                    "tokens_total", "Tokens that answers took.", labels: labels + [("kind", kind)])
            }
            input = tokens("input")
            output = tokens("output")
            cached = tokens("cached")
            cacheWrite = tokens("cache_write")
            reasoning = tokens("reasoning")
            cost = setup.metrics.counter(
                "cost_usd_total", "What answers cost, in US dollars.", labels: labels, decimals: 12)
        }

        func count(_ usage: TokenUsage, _ amount: Money) {
            input.add(usage.input ?? 0)
            output.add(usage.output ?? 0)
            cached.add(usage.cached ?? 0)
            cacheWrite.add(usage.cacheWrite ?? 0)
            reasoning.add(usage.reasoning ?? 0)
            cost.add(Int(amount.picodollars))
        }
    }

    private struct Key: Hashable, Sendable {
        let upstream: String
        let model: String
    }

    private let setup: Setup
    private let known = Locked<[Key: Series]>([:])
    private let estimates: [Counter]

    init(_ setup: Setup) {
        self.setup = setup
        estimates = Metering.Estimate.allCases.map { estimate in
            setup.metrics.counter(
                "usage_estimated_total", "Answers whose usage is an estimate.",
                labels: [("plugin", setup.label), ("reason", estimate.rawValue)])
        }
    }

    /// Both names come from the configuration, so there are only so many.
    func series(upstream: String, model: String) -> Series {
        let key = Key(upstream: upstream, model: model)
        if let series = known.withLock({ $0[key] }) { return series }
        // Metrics give the same counters to whoever asks twice.
        let series = Series(upstream: upstream, model: model, setup)
        return known.withLock { known in
            if let other = known[key] { return other }
            known[key] = series
            return series
        }
    }

    func count(_ estimate: Metering.Estimate) {
        guard let index = Metering.Estimate.allCases.firstIndex(of: estimate) else { return }
        estimates[index].add()
    }
}
