import PluginAPI

@testable import Plugins
@testable import Proxy

extension ProgramCase {
    static let all =
        [counting, velocity, budget, spend] + fingerprints
        + [LimitAlgorithm.slidingWindow, .gcra].flatMap { algorithm in
            [limiter(algorithm, ["7/s"]), limiter(algorithm, ["9/s", "40/m", "1000/h"])]
        }

    private static let counting = ProgramCase(
        name: "the tests' own", program: CountProgram(lifetime: 6e7)
    ) { random in ([Double(Int.random(in: -2...5, using: &random)), 30], 1000) }

    /// Times that fall on edges of windows, beside others.
    private static func passed(_ random: inout Randomness, period: Double) -> Double {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: 0
        case 1: period
        case 2: period / 10
        case 3: Double.random(in: 0...3 * period, using: &random).rounded()
        default: Double.random(in: 0...period / 5, using: &random).rounded()
        }
    }

    private static func limitArguments(_ random: inout Randomness, _ rates: [String]) -> [Double] {
        let limits = Limits(rates.map { Rate(testing: $0) }, burst: 3)
            .multiplied(by: [1, 1, 0.5, 0.33].randomElement(using: &random)!)
        let cost = Double([0, 1, 1, 1, 2, 5, -1].randomElement(using: &random)!)
        let words = LimiterProgram.arguments(
            cost: cost, isForced: cost < 0 || Int.random(in: 0..<8, using: &random) == 0, limits)
        return (0..<words.count).map { words[$0] }
    }

    private static func limiter(_ algorithm: LimitAlgorithm, _ rates: [String]) -> ProgramCase {
        ProgramCase(
            name: "\(algorithm.rawValue) of \(rates)",
            program: LimiterProgram(algorithm, windows: rates.count)
        ) { random in
            (limitArguments(&random, rates), passed(&random, period: 1_000_000))
        }
    }

    private static let spend = ProgramCase(name: "cost-meter's", program: SpendProgram()) {
        random in
        let isNothing = Int.random(in: 0..<5, using: &random) == 0
        let words = [1, 100_000, 100_000, 100_000, 5_000_000, 999_999].map { highest in
            isNothing ? 0 : Double(Int.random(in: 0...highest, using: &random))
        }
        return (words, passed(&random, period: 3_600_000_000))
    }

    private static let velocity = ProgramCase(
        name: "velocity-guard's", program: VelocityProgram()
    ) { random in
        let isBad = Int.random(in: 0..<3, using: &random) == 0
        let verdicts = (0..<UpstreamVerdict.count).map { index in
            Double(Int.random(in: 0...(index == 0 || isBad ? 9 : 0), using: &random))
        }
        let rules = [0.25, 0.1, 20, 5_000_000, 30_000_000, 500_000]
        return (verdicts + rules, passed(&random, period: 5_000_000))
    }
}

extension Rate {
    fileprivate init(testing text: String) {
        let parts = text.split(separator: "/")
        self.init(Int(parts[0])!, per: Period(rawValue: String(parts[1]))!)
    }
}
