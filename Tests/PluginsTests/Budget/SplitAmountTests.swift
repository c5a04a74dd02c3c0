import PluginAPI
import Testing

@testable import Plugins

extension SplitAmount {
    /// In the smallest unit, as one number.
    var whole: Int128 { Int128(high) * 1_000_000 + Int128(low) }

    /// So many of the smallest unit.
    init(whole: Int128) {
        self.init(high: Double(whole / 1_000_000), low: Double(whole % 1_000_000))
    }
}

@Suite("An amount in two doubles")
struct SplitAmountTests {
    @Test("adds, subtracts and compares as whole numbers do", arguments: 0..<100)
    func arithmetic(seed: Int) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let numbers = (0..<2).map { _ in
                let bound: Int128 = [
                    10, 2_000_000, 1_000_000_000_000, 4_000_000_000_000_000_000_000,
                ]
                .randomElement(using: &random)!
                return Int128.random(in: 0...bound, using: &random)
            }
            let (left, right) = (SplitAmount(whole: numbers[0]), SplitAmount(whole: numbers[1]))
            #expect(left.whole == numbers[0])
            #expect((left + right).whole == min(numbers[0] + numbers[1], Self.most(numbers)))
            #expect((left - right).whole == max(0, numbers[0] - numbers[1]))
            #expect((left < right) == (numbers[0] < numbers[1]))
            #expect((left <= right) == (numbers[0] <= numbers[1]))
        }
    }

    /// A sum that is beyond all measure keeps what is below a million.
    private static func most(_ numbers: [Int128]) -> Int128 {
        Int128(SplitAmount.highest) * 1_000_000 + (numbers[0] + numbers[1]) % 1_000_000
    }

    @Test("money goes in and comes out exactly")
    func money() {
        for text in ["0", "0.000000000001", "0.000001", "25", "123456.789012345678", "9000000"] {
            let money = Money(decimal: text)!
            #expect(SplitAmount(money).amount(in: .dollars) == .dollars(money))
            #expect(SplitAmount(money).whole == Int128(money.picodollars))
        }
        #expect(SplitAmount(Money(picodollars: -1)) == .zero)
        #expect(SplitAmount(Money(picodollars: .min)) == .zero)
        #expect(SplitAmount(tokens: -1) == .zero)
        #expect(SplitAmount(tokens: 7).amount(in: .tokens) == .tokens(7))
        #expect(SplitAmount(tokens: .max).high == SplitAmount.highest)
    }
}
