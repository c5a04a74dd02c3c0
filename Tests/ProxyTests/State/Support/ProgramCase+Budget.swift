import PluginAPI

@testable import Plugins
@testable import Proxy

extension ProgramCase {
    /// Steps at a clock of their own, which the test's need not follow.
    static let budget = ProgramCase(name: "budget's", program: BudgetProgram()) { random in
        let amounts: [Int64] = [0, 1, 999_999, 1_000_000, 3_000_000_000_001, 1_999_999_999_999]
        func amount() -> SplitAmount {
            SplitAmount(Money(picodollars: amounts.randomElement(using: &random)!))
        }
        let start = 1_767_225_600_000_000
        // Mostly close by, so that slots are met again, now and then when they have lapsed.
        let range = Int.random(in: 0..<8, using: &random) == 0 ? 0...900_000_000 : 0...100_000_000
        let now = WallTime(
            microseconds: Int64(
                start + Int.random(in: range, using: &random) / 10_000_000 * 10_000_000))
        let arguments = BudgetArguments(
            reserving: amount(), limit: SplitAmount(Money(picodollars: 20_000_000_000_000)),
            in: BudgetPeriod(.day, around: now), timeout: .seconds(100), now: now)
        let isEnd = Bool.random(using: &random)
        let words =
            isEnd
            ? arguments.settled(
                spending: amount(), releases: Bool.random(using: &random), now: now
            ).words
            : arguments.words
        return ((0..<words.count).map { words[$0] }, 1000)
    }
}
