import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("The prices that come with Sluice")
struct ShippedPricesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../..").standardizedFileURL
    private let file: PriceFile

    init() throws {
        let setup = TestProxy(folder: Self.root.path).setup(label: "cost-meter")
        file = try setup.settings(from: "prices.json", setting: "prices")
    }

    @Test("each list names its source and the day that it is of")
    func sources() {
        for (name, prices) in file.providers {
            #expect(prices.source?.isEmpty == false, "\(name)")
            #expect(prices.date != nil, "\(name)")
        }
    }

    @Test(
        "a million tokens in and out cost what the provider's list says",
        arguments: [
            ("gpt-4o", "12.5"), ("gpt-4o-2024-11-20", "12.5"), ("gpt-4o-2024-05-13", "20"),
            ("gpt-4o-mini", "0.75"), ("openai/gpt-4.1-nano", "0.5"), ("o3-2025-04-16", "10"),
            ("text-embedding-3-small", "0.02"), ("claude-3-5-sonnet-20241022", "18"),
            ("anthropic/claude-sonnet-4.5", "18"), ("claude-opus-4-20250514", "90"),
            ("claude-opus-4-5-20251101", "30"), ("models/gemini-2.5-flash", "2.8"),
            ("mistral/codestral-latest", "1.2"), ("x-ai/grok-4.3", "7.5"),
            ("groq/openai/gpt-oss-120b", "0.75"), ("command-r7b-12-2024", "0.1875"),
            ("gemini-2.5-pro", "17.5"), ("demo-large", "12.5"), ("demo-small", "0.75"),
        ])
    func known(model: String, cost: String) throws {
        let price = try #require(PriceTable(file).price(of: model))
        let usage = TokenUsage(input: 1_000_000, output: 1_000_000)
        #expect(price.cost(of: usage, serviceTier: nil).description == cost)
    }

    @Test("no cached token costs more than another, and none more than is plausible")
    func plausible() {
        for (name, model) in file.models {
            for rates in model.rates {
                let input = rates.input.perToken
                #expect(rates.cached.map { $0.perToken < input } ?? true, "\(name)")
                #expect(rates.cacheWrite.map { $0.perToken > input } ?? true, "\(name)")
                #expect(input < Money(picodollars: 1_000_000_000), "\(name)")
                #expect(rates.output.perToken < Money(picodollars: 1_000_000_000), "\(name)")
            }
        }
    }

    @Test("the documentation has every key, and its example is right")
    func documented() throws {
        let page = try String(
            contentsOf: Self.root.appending(path: "docs/prices.md"), encoding: .utf8)
        let example = try #require(page.firstRange(of: "```jsonc\n")).upperBound
        let end = try #require(page[example...].firstRange(of: "```")).lowerBound
        let shown = PriceTable(try .reading(String(page[example..<end])))
        #expect(shown.price(of: "openai/gpt-4o-2026-01-01")?.name == "gpt-4o")
        #expect(shown.price(of: "llama-4")?.name == "llama-*")
        for setting in PriceFile.settings + ProviderPrices.settings + PriceRates.settings {
            #expect(page.contains("| `\(setting.key)` | \(setting.meaning)"), "\(setting.key)")
        }
    }
}
