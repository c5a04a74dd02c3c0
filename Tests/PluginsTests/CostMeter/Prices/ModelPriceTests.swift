import Foundation
import PluginAPI
import Testing

@testable import Plugins

@Suite("What tokens cost")
struct ModelPriceTests {
    private func price(_ rates: String) throws -> ModelPrice {
        try #require(try PriceTable.reading(models: #"{ "m": \#(rates) }"#).price(of: "m"))
    }

    private func cost(
        _ rates: String, _ usage: TokenUsage, tier: ServiceTier? = nil
    ) throws -> String {
        try price(rates).cost(of: usage, serviceTier: tier).description
    }

    @Test("one token costs a millionth of what stands in the file, exactly")
    func oneToken() throws {
        let rates = #"{ "input": 0.000001, "output": 2.5 }"#
        #expect(try cost(rates, TokenUsage(input: 1)) == "0.000000000001")
        #expect(try cost(rates, TokenUsage(output: 1)) == "0.0000025")
        #expect(try cost(rates, TokenUsage(input: 3, output: 2)) == "0.000005000003")
        #expect(try cost(rates, TokenUsage()) == "0")
    }

    @Test("each kind of token has its price, and what is not told is as what it is part of")
    func kinds() throws {
        let usage = TokenUsage(
            input: 1111, output: 22, cached: 1, cacheWrite: 110, longCacheWrite: 10, reasoning: 2)
        #expect(
            try cost(
                """
                { "input": 1, "cached": 10, "cacheWrite": 100, "longCacheWrite": 1000,
                  "output": 10000, "reasoning": 100000 }
                """, usage) == "0.42101")
        #expect(try cost(#"{ "input": 1, "output": 10 }"#, usage) == "0.001331")
        #expect(
            try cost(#"{ "input": 1, "cacheWrite": 2, "output": 10 }"#, usage) == "0.001441")
        #expect(
            try cost(#"{ "input": 1, "output": 10, "reasoning": 0 }"#, usage) == "0.001311")
    }

    @Test("a part is never more than what it is a part of, and nothing is below zero")
    func contradictions() throws {
        let rates = #"{ "input": 10, "cached": 1, "cacheWrite": 20, "output": 10, "reasoning": 1 }"#
        #expect(try cost(rates, TokenUsage(input: 5, cached: 9)) == "0.000005")
        #expect(try cost(rates, TokenUsage(input: 5, cached: 2, cacheWrite: 9)) == "0.000062")
        #expect(try cost(rates, TokenUsage(output: 5, reasoning: 9)) == "0.000005")
        #expect(try cost(rates, TokenUsage(input: -5, output: -1, cached: -2)) == "0")
        #expect(try cost(rates, TokenUsage(input: 5, cached: -2, cacheWrite: -1)) == "0.00005")
        #expect(try cost(rates, TokenUsage(cached: 5, reasoning: 3)) == "0")
    }

    @Test("what is missing is told from the total")
    func totals() throws {
        let rates = #"{ "input": 1, "output": 10 }"#
        #expect(try cost(rates, TokenUsage(output: 2, total: 7)) == "0.000025")
        #expect(try cost(rates, TokenUsage(input: 5, total: 7)) == "0.000025")
        #expect(try cost(rates, TokenUsage(total: 7)) == "0.000007")
        #expect(try cost(rates, TokenUsage(input: 9, total: 7)) == "0.000009")
        #expect(try cost(rates, TokenUsage(input: 5, output: 0, total: 7)) == "0.000005")
    }

    @Test("above a bound, and in a tier, other prices hold for all of a request")
    func conditions() throws {
        let rates = """
            [
              { "input": 1, "output": 10 },
              { "above": 100, "input": 2, "output": 20 },
              { "above": 200, "input": 3, "output": 30 },
              { "tier": "flex", "input": 4, "output": 40 },
              { "tier": "priority", "input": 5, "output": 50 },
              { "tier": "priority", "above": 100, "input": 6, "output": 60 }
            ]
            """
        func costs(_ input: Int, _ tier: ServiceTier?) throws -> String {
            try cost(rates, TokenUsage(input: input, output: 1), tier: tier)
        }
        #expect(try costs(0, nil) == "0.00001")
        #expect(try costs(100, nil) == "0.00011")
        #expect(try costs(101, nil) == "0.000222")
        #expect(try costs(101, .standard) == "0.000222")
        #expect(try costs(201, nil) == "0.000633")
        #expect(try costs(201, .flex) == "0.000844")
        #expect(try costs(100, .priority) == "0.00055")
        #expect(try costs(201, .priority) == "0.001266")
        // No batch prices: the standard ones.
        #expect(try costs(201, .batch) == "0.000633")
    }

    @Test("numbers beyond all measure cost the most there is, and stop nothing")
    func overflow() throws {
        let price = try price(#"{ "input": 1000, "cached": 0, "output": 9000000 }"#)
        let most = Money(picodollars: .max)
        #expect(price.cost(of: TokenUsage(input: .max), serviceTier: nil) == most)
        #expect(price.cost(of: TokenUsage(input: .max, output: .max), serviceTier: nil) == most)
        #expect(price.cost(of: TokenUsage(output: .max), serviceTier: nil) == most)
        #expect(price.cost(of: TokenUsage(input: .max, cached: .max), serviceTier: nil) == .zero)
        #expect(price.cost(of: TokenUsage(input: .min, output: .min), serviceTier: nil) == .zero)
        #expect(price.cost(of: TokenUsage(output: .min, total: .max), serviceTier: nil) == most)
    }

    @Test("no usage costs more than is said to be the most", arguments: 0..<50)
    func highest(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        func amount() -> Int { .random(in: 0..<50, using: &random) }
        let price = try price(
            """
            [
              { "input": \(amount()), "cached": \(amount()), "cacheWrite": \(amount()),
                "longCacheWrite": \(amount()), "output": \(amount()), "reasoning": \(amount()) },
              { "tier": "priority", "input": \(amount()), "output": \(amount()) }
            ]
            """)
        for tier in [nil, ServiceTier.priority] {
            for _ in 0..<100 {
                let (input, output) = (amount(), amount())
                let usage = TokenUsage(
                    input: input, output: output, cached: amount(), cacheWrite: amount(),
                    longCacheWrite: amount(), reasoning: amount())
                #expect(
                    price.cost(of: usage, serviceTier: tier)
                        <= price.highestCost(input: input, output: output, serviceTier: tier))
            }
        }
        // And no less than it can be.
        #expect(
            price.highestCost(input: 1, output: 0, serviceTier: nil)
                == [
                    TokenUsage(input: 1), TokenUsage(input: 1, cached: 1),
                    TokenUsage(input: 1, cacheWrite: 1),
                    TokenUsage(input: 1, cacheWrite: 1, longCacheWrite: 1),
                ].map { price.cost(of: $0, serviceTier: nil) }.max())
    }

    @Test("a decimal computation of any usage gives the same", arguments: 0..<200)
    func decimals(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        /// With up to six decimals.
        func amount() -> Decimal {
            Decimal(Int.random(in: 0..<50_000_000, using: &random)) / 1_000_000
        }
        let (input, cached, cacheWrite, longCacheWrite) = (amount(), amount(), amount(), amount())
        let (output, reasoning) = (amount(), amount())
        let price = try price(
            """
            { "input": \(input), "cached": \(cached), "cacheWrite": \(cacheWrite),
              "longCacheWrite": \(longCacheWrite), "output": \(output), "reasoning": \(reasoning) }
            """)
        for _ in 0..<50 {
            let parts = (0..<6).map { _ in
                Int.random(in: 0...Int.random(in: 1...100_000, using: &random), using: &random)
            }
            let usage = TokenUsage(
                input: parts[0] + parts[1] + parts[2] + parts[3], output: parts[4] + parts[5],
                cached: parts[1], cacheWrite: parts[2] + parts[3], longCacheWrite: parts[3],
                reasoning: parts[5])
            let expected = zip(
                [input, cached, cacheWrite, longCacheWrite, output, reasoning], parts
            ).reduce(Decimal.zero) { $0 + $1.0 * Decimal($1.1) / 1_000_000 }
            let cost = price.cost(of: usage, serviceTier: nil).description
            #expect(Decimal(string: cost) == expected, "\(usage)")
        }
    }
}
