import PluginAPI
import Testing

@testable import Plugins

/// A record of the program, held by a test.
struct VelocityRecord: Equatable {
    private(set) var words = [Double](repeating: 0, count: VelocityProgram().recordSize)

    @discardableResult
    mutating func take(_ counts: VelocityCounts, _ rules: VelocityArguments.Rules, now: Double)
        -> VelocityFinding
    {
        var record = words.mutableSpan
        let result = VelocityProgram().run(
            &record, VelocityArguments(counts: counts, rules: rules).words, now: now)
        precondition(result.isApplied && result.lifetime >= rules.window)
        return VelocityFinding(result.words)
    }

    func merged(with other: Self) -> Self {
        var merged = self
        var record = merged.words.mutableSpan
        VelocityProgram().merge(&record, other.words.span)
        return merged
    }
}

extension VelocityCounts {
    init(success: Double, failures: Double) {
        self.init()
        self[.success] = success
        self[.status503] = failures
    }
}
