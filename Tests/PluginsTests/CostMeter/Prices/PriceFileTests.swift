import Testing

@testable import Plugins

@Suite("A file of prices")
struct PriceFileTests {
    private func wrong(_ text: String) -> String {
        let error = #expect(throws: PriceFile.Wrong.self) { try PriceFile.reading(text) }
        return error?.text ?? ""
    }

    @Test("prices that are none are told with their place")
    func prices() {
        #expect(
            wrong(
                """
                { "providers": { "here": { "models": {
                  "a": { "input": -1, "output": 0.0000001 },
                  "b": { "input": "free", "output": 1e400 },
                  "c": { "output": 1, "inptu": 2 }
                } } } }
                """) == """
                    prices.json:2:19: providers.here.models.a.input: expected a price in US dollars for a million tokens, with at most six decimals, such as 2.50, found -1
                    prices.json:2:33: providers.here.models.a.output: expected a price in US dollars for a million tokens, with at most six decimals, such as 2.50, found 0.0000001
                    prices.json:3:19: providers.here.models.b.input: expected a price in US dollars for a million tokens, with at most six decimals, such as 2.50, found "free"
                    prices.json:3:37: providers.here.models.b.output: expected a price in US dollars for a million tokens, with at most six decimals, such as 2.50, found 1e400
                    prices.json:4:23: providers.here.models.c: unknown key "inptu"; did you mean "input"? (known: tier, above, input, output…)
                    prices.json:4:8: providers.here.models.c: missing key "input": expected a price in US dollars for a million tokens, with at most six decimals, such as 2.50
                    """)
    }

    @Test("a date that is none, and a key that is none, are told with their place")
    func dates() {
        #expect(
            wrong(
                """
                { "providers": { "here": {
                  "date": "2026-02-30", "when": 1, "models": {}
                }, "there": { "date": "2026-2-3" } } }
                """) == """
                    prices.json:2:25: providers.here: unknown key "when" (known: source, date, prefixes, models, aliases)
                    prices.json:2:11: providers.here.date: expected a date such as "2026-11-05", found "2026-02-30"
                    prices.json:3:23: providers.there.date: expected a date such as "2026-11-05", found "2026-2-3"
                    """)
        #expect(
            wrong(#"{ "providers": {} }"#)
                == "prices.json:1:16: providers: expected an object that is not empty, found an empty object"
        )
    }

    @Test("prices that depend on conditions need some that do not, and none stands twice")
    func conditions() {
        #expect(
            wrong(
                """
                { "providers": { "here": { "models": {
                  "a": { "tier": "flex", "input": 1, "output": 1 },
                  "b": [{ "input": 1, "output": 1 }, { "input": 2, "output": 2 }],
                  "c": [{ "above": 200000, "input": 1, "output": 1 }],
                  "d": [
                    { "input": 1, "output": 1 },
                    { "tier": "priority", "above": 200000, "input": 1, "output": 1 }
                  ],
                  "e": { "tier": "quick", "input": 1, "output": 1 }
                } } } }
                """)
                == #"prices.json:9:18: providers.here.models.e.tier: expected one of "standard", "priority", "flex", "batch", "ultrafast", found "quick""#
        )
        #expect(
            wrong(
                """
                { "providers": { "here": { "models": {
                  "a": { "tier": "flex", "input": 1, "output": 1 },
                  "b": [{ "input": 1, "output": 1 }, { "input": 2, "output": 2 }],
                  "c": [{ "above": 200000, "input": 1, "output": 1 }],
                  "d": [
                    { "input": 1, "output": 1 },
                    { "tier": "priority", "above": 200000, "input": 1, "output": 1 }
                  ]
                } } } }
                """) == #"""
                    prices.json:2:8: providers.here.models.a: there are no prices without "tier"
                    prices.json:3:38: providers.here.models.b[1]: the same "tier" and "above" as in prices before it
                    prices.json:4:9: providers.here.models.c[0]: there are no prices without "above"
                    prices.json:7:5: providers.here.models.d[1]: there are no prices without "above" for the tier "priority"
                    """#)
    }

    @Test("an alias leads to a model, and hides none")
    func aliases() {
        #expect(
            wrong(
                """
                { "providers": { "here": {
                  "models": { "gpt-4o": { "input": 1, "output": 1 } },
                  "aliases": {
                    "gpt-4o-latest": "gpt-4",
                    "gpt-4o": "gpt-4o",
                    "a": "b", "b": "c", "c": "b",
                    "on": "gpt-4o-latest",
                    "nothing": "something else"
                  }
                } } }
                """) == #"""
                    prices.json:4:22: providers.here.aliases.gpt-4o-latest: expected the name of a model or an alias in this file, found "gpt-4"; did you mean "gpt-4o"?
                    prices.json:5:15: providers.here.aliases.gpt-4o: this alias would hide the model of the same name
                    prices.json:6:20: providers.here.aliases.b: aliases in a circle: "b", "c", "b"
                    prices.json:6:30: providers.here.aliases.c: aliases in a circle: "c", "b", "c"
                    prices.json:8:16: providers.here.aliases.nothing: expected the name of a model or an alias in this file, found "something else"
                    """#)
    }

    @Test("no name is priced twice, whichever way it is spelt")
    func twice() {
        #expect(
            wrong(
                """
                { "providers": {
                  "one": { "models": { "a": { "input": 1, "output": 1 } } },
                  "two": {
                    "models": {
                      "a": { "input": 1, "output": 1 },
                      "one/a": { "input": 1, "output": 1 },
                      "b": { "input": 1, "output": 1 }
                    },
                    "aliases": { "x": "b" }
                  },
                  "three": { "prefixes": ["two"], "aliases": { "x": "a" } }
                } }
                """) == #"""
                    prices.json:5:12: providers.two.models.a: "a" has a price already, at providers.one.models.a
                    prices.json:6:16: providers.two.models["one/a"]: "one/a" has a price already, at providers.one.models.a
                    prices.json:11:53: providers.three.aliases.x: "x" has a price already, at providers.two.aliases.x
                    """#)
    }
}
