import PluginAPI
import Testing

@testable import Plugins

@Suite("Which price is a model's")
struct PriceTableTests {
    private static let rates = #"{ "input": 1, "output": 1 }"#

    private func table() throws -> PriceTable {
        try .reading(
            models: """
                {
                  "*": \(Self.rates), "gpt-4o": \(Self.rates), "gpt-4o*": \(Self.rates),
                  "gpt-*": \(Self.rates), "*-mini": \(Self.rates), "o3": \(Self.rates)
                }
                """,
            aliases: #"""
                {
                  "latest": "newest", "newest": "gpt-4o", "gpt-4o-20*": "gpt-4o",
                  "gpt-4o-realtime": "gpt-*"
                }
                """#, prefixes: #"["over-there"]"#)
    }

    @Test(
        "a name as written wins, then the pattern with the most characters",
        arguments: [
            ("gpt-4o", "gpt-4o"), ("latest", "gpt-4o"), ("newest", "gpt-4o"),
            ("gpt-4o-2027-01-01", "gpt-4o"), ("gpt-4o-realtime", "gpt-*"),
            ("gpt-4o-audio", "gpt-4o*"), ("gpt-4", "gpt-*"), ("gpt-4o-mini", "gpt-4o*"),
            ("o4-mini", "*-mini"), ("o3", "o3"), ("o3-pro", "*"), ("", "*"), ("GPT-4o", "*"),
        ])
    func specific(model: String, entry: String) throws {
        #expect(try table().price(of: model)?.name == entry)
    }

    @Test(
        "behind a prefix every name means the same",
        arguments: ["here/gpt-4o", "over-there/gpt-4o", "here/latest", "over-there/gpt-4o-2027"])
    func prefixes(model: String) throws {
        #expect(try table().price(of: model)?.name == "gpt-4o")
    }

    @Test("of two patterns with as many characters the first in the file wins")
    func ties() throws {
        let table = try PriceTable.reading(
            models: #"{ "a*c": \#(Self.rates), "ab*": \#(Self.rates) }"#)
        #expect(table.price(of: "abc")?.name == "a*c")
    }

    @Test("what the file does not name has no price")
    func unpriced() throws {
        let table = try PriceTable.reading(models: #"{ "gpt-4o": \#(Self.rates) }"#)
        #expect(table.price(of: "gpt-4") == nil)
        #expect(table.price(of: "there/gpt-4o") == nil)
        #expect(table.price(of: "") == nil)
    }
}
