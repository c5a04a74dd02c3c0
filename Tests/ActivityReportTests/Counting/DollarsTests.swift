import Foundation
import PluginAPI
import Testing

@testable import ActivityReport

@Suite("A sum of dollars")
struct DollarsTests {
    @Test("is exact beyond what one amount can hold")
    func large() {
        var sum = Dollars()
        for _ in 0..<1000 { sum += Money(picodollars: .max) }
        #expect(sum.description == "9223372036.854775807")
        sum += Money(picodollars: 1)
        #expect(sum.description == "9223372036.854775807001")
        var negative = Dollars()
        negative += Money(picodollars: -1_500_000_000_000)
        #expect(negative.description == "-1.5")
        #expect(negative < sum)
    }

    @Test("is written with the decimals asked for, and never with fewer than it has")
    func decimals() {
        var sum = Dollars()
        #expect(sum.description == "0")
        #expect(sum.written(decimals: 3) == "0.000")
        sum += Money(picodollars: 204_000_000)
        #expect(sum.description == "0.000204")
        #expect(sum.written(decimals: 2) == "0.000204")
        #expect(sum.written(decimals: 8) == "0.00020400")
        #expect(sum.written(decimals: 99) == "0.000204000000")
        sum += Money(picodollars: 12_000_000_000_000)
        #expect(sum.description == "12.000204")
    }

    @Test("equals the sum of Foundation's decimals")
    func decimalSums() throws {
        var random = SplitMix64(seed: 8)
        var (sum, expected) = (Dollars(), Decimal(0))
        for _ in 0..<5000 {
            let money = Money(picodollars: Int64.random(in: .min ... .max, using: &random))
            sum += money
            expected += try #require(Decimal(string: money.description))
            #expect(Decimal(string: sum.description) == expected)
        }
    }
}
