import PluginAPI
import Testing

@testable import Plugins

@Suite("Totals by hour and day")
struct SpendProgramTests {
    private let program = SpendProgram()
    private static let hour = 3_600_000_000.0
    private static let start = 1_767_225_600_000_000.0

    private func add(
        _ spend: Spend, to record: inout [Double], at now: Double
    ) -> (hour: Spend, day: Spend, lifetime: Double) {
        var arguments = StateWords()
        spend.append(to: &arguments)
        var span = record.mutableSpan
        let result = program.run(&span, arguments, now: now)
        return (
            Spend(result.words, from: 0), Spend(result.words, from: Spend.words), result.lifetime
        )
    }

    private func spend(_ picodollars: Int64) -> Spend {
        Spend(TokenUsage(input: 10, output: 5, cached: 3), Money(picodollars: picodollars))
    }

    @Test("sums are exact to the pico-dollar")
    func exact() {
        var record = [Double](repeating: 0, count: program.recordSize)
        var sum: Int64 = 0
        var random = SplitMix64(seed: 5)
        for _ in 0..<2000 {
            let amount = Int64.random(in: 0...3_000_000_000_001, using: &random)
            sum += amount
            let total = add(spend(amount), to: &record, at: Self.start).day
            #expect(total.amount.picodollars == sum)
        }
    }

    @Test("an hour's total ends with the hour, and the day's with the day")
    func ends() {
        var record = [Double](repeating: 0, count: program.recordSize)
        _ = add(spend(1), to: &record, at: Self.start)
        let (hour, day, lifetime) = add(spend(2), to: &record, at: Self.start + Self.hour)
        #expect(hour.amount.picodollars == 2)
        #expect(day.amount.picodollars == 3)
        // It is kept through the next day, for who asks of this one then.
        #expect(lifetime == 47 * Self.hour)
        let next = add(spend(4), to: &record, at: Self.start + 24 * Self.hour)
        #expect(next.day.amount.picodollars == 4)
        let later = add(Spend(), to: &record, at: Self.start + 100 * Self.hour)
        #expect(later.day == Spend())
    }

    @Test("a clock that is put back loses nothing")
    func clockBack() {
        var record = [Double](repeating: 0, count: program.recordSize)
        _ = add(spend(1), to: &record, at: Self.start + 5 * Self.hour)
        let (hour, _, _) = add(spend(2), to: &record, at: Self.start)
        #expect(hour.amount.picodollars == 3)
    }

    @Test("of two that parted, neither has more than what they are brought together to")
    func merge() {
        var one = [Double](repeating: 0, count: program.recordSize)
        _ = add(spend(10), to: &one, at: Self.start)
        var other = one
        _ = add(spend(5), to: &one, at: Self.start)
        _ = add(spend(7), to: &other, at: Self.start + Self.hour)
        var span = one.mutableSpan
        program.merge(&span, other.span)
        let (hour, day, _) = add(Spend(), to: &one, at: Self.start + Self.hour)
        #expect(hour.amount.picodollars == 7)
        #expect(day.amount.picodollars == 17)
    }
}
