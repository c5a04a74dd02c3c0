import PluginAPI

@testable import Plugins

/// One key of a limiter: its program with a record of its own.
struct LimitedKey {
    let program: LimiterProgram
    let limits: Limits
    private(set) var record: [Double]

    init(_ algorithm: LimitAlgorithm, _ rates: [Rate], burst: Int? = nil) {
        limits = Limits(rates, burst: burst)
        program = LimiterProgram(algorithm, windows: rates.count)
        record = [Double](repeating: 0, count: program.recordSize)
    }

    struct Answer: Equatable {
        let isApplied: Bool
        let lifetime: Double
        let windows: [Window]

        /// How long until the same cost is admitted; 0 when it was.
        var wait: Double { windows.map(\.wait).max() ?? 0 }
        var left: Double { windows.map(\.left).min() ?? 0 }
    }

    struct Window: Equatable {
        let left: Double
        let reset: Double
        let wait: Double
    }

    @discardableResult
    mutating func take(
        _ cost: Double = 1, at now: Double, isForced: Bool = false, limits: Limits? = nil
    ) -> Answer {
        let arguments = LimiterProgram.arguments(
            cost: cost, isForced: isForced, limits ?? self.limits)
        let program = program
        var span = record.mutableSpan
        let result = program.run(&span, arguments, now: now)
        return Answer(
            isApplied: result.isApplied, lifetime: result.lifetime,
            windows: (0..<program.windows).map {
                Window(
                    left: result.words[3 * $0], reset: result.words[3 * $0 + 1],
                    wait: result.words[3 * $0 + 2])
            })
    }

    /// What would be answered, without counting.
    func answer(_ cost: Double = 1, at now: Double) -> Answer {
        var copy = self
        return copy.take(cost, at: now)
    }

    func merged(with other: LimitedKey) -> LimitedKey {
        var result = self
        var span = result.record.mutableSpan
        program.merge(&span, other.record.span)
        return result
    }
}
