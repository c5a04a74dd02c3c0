import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("What a budget may be configured as")
struct BudgetSettingsTests {
    private func wrong(_ config: String) -> String {
        let error = #expect(throws: ConfigurationError.self) {
            try TestProxy().add(Budget.self, config)
        }
        return error?.description ?? ""
    }

    @Test(
        "an amount is money or tokens",
        arguments: [
            ("25", "25 US dollars"), (#""25.00""#, "25 US dollars"), ("1", "1 US dollar"),
            ("0.000000000001", "0.000000000001 US dollars"), (#""1000 tokens""#, "1000 tokens"),
            (#""1 tokens""#, "1 token"), ("0", "0 US dollars"),
        ])
    func amounts(written: String, read: String) throws {
        let configuration = #"{ "limit": \#(written), "per": "day", "headers": true }"#
        let budget = try TestProxy().add(Budget.self, configuration)
        #expect(budget.limit.description == read)
    }

    @Test("what is no amount is told with what was probably meant")
    func noAmounts() {
        #expect(
            wrong(#"{ "limit": "$25", "per": "day" }"#)
                == #"1:12: limit: expected an amount of US dollars such as "25.00", or of tokens such as "1000 tokens", found "$25"; did you mean "25"?"#
        )
        #expect(
            wrong(#"{ "limit": "1000tok", "per": "day" }"#)
                == #"1:12: limit: expected an amount of US dollars such as "25.00", or of tokens such as "1000 tokens", found "1000tok"; did you mean "1000 tokens"?"#
        )
        for amount in ["-1", #""-5 tokens""#, #""+5 tokens""#, #""1.5 tokens""#, "1e-13", "null"] {
            #expect(
                wrong(#"{ "limit": \#(amount), "per": "day" }"#)
                    == #"1:12: limit: expected an amount of US dollars such as "25.00", or of tokens such as "1000 tokens", found \#(amount)"#
            )
        }
    }

    @Test("the settings fit together")
    func together() {
        #expect(
            wrong(
                """
                { "limit": "1000 tokens", "per": "week", "status": 403, "key": ["identity", "everyone"],
                  "tiers": { "gold": 5 }, "tolerance": 1, "onOverrun": "stop" }
                """) == """
                    1:34: per: expected one of "day", "month", found "week"
                    1:52: status: expected 402 or 429, found 403
                    2:56: onOverrun: expected one of "finish", "cut", found "stop"
                    """)
        #expect(
            wrong(
                """
                { "limit": "1000 tokens", "per": "day", "tiers": { "gold": 5, "free": "1 tokens" },
                  "tolerance": 1 }
                """) == """
                    1:60: tiers.gold: expected tokens as in "limit", found 5
                    2:16: tolerance: expected tokens as in "limit", found 1
                    """)
        #expect(
            wrong(#"{ "limit": 5, "per": "day", "tolerance": "1 tokens" }"#)
                == #"1:42: tolerance: expected US dollars as in "limit", found "1 tokens""#)
        #expect(
            wrong(#"{ "limit": 5, "per": "day", "key": ["identity", "everyone"] }"#)
                == #"1:49: key[1]: "everyone" is a key by itself; remove it or the others"#)
    }
}
