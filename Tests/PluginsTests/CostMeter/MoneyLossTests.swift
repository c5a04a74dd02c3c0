import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// What users of gateways have lost money by.
@Suite("Nobody loses money")
struct MoneyLossTests {
    private typealias Metered = MeteredProxy

    @Test("by a usage object in a last chunk that has a choice too")
    func usageBesideAChoice() async throws {
        let metered = try MeteredProxy()
        metered.stream([
            Metered.chunk("Hello"),
            Metered.chunk(" you", finish: "stop", usage: Metered.usage(100, 20)),
            "[DONE]",
        ])
        let result = try await metered.send(Metered.streamed)
        #expect(result.usage == TokenUsage(input: 100, output: 20, total: 120))
        #expect(result.cost == "0.0003")
        #expect(result.usage?.isEstimated == false)
    }

    @Test("by usage that is repeated in many chunks: the last one counts, once")
    func cumulativeUsage() async throws {
        let metered = try MeteredProxy()
        metered.stream(
            (1...9).map { Metered.chunk("a", usage: Metered.usage(100, $0)) }
                + [Metered.chunk("", finish: "stop", usage: Metered.usage(100, 10)), "[DONE]"])
        let result = try await metered.send(Metered.streamed)
        #expect(result.usage == TokenUsage(input: 100, output: 10, total: 110))
        #expect(metered.proxy.metrics["tokens_total", ["kind": "output"]] == 10)
        #expect(metered.proxy.metrics["tokens_total", ["kind": "input"]] == 100)
    }

    @Test("by a provider's explicit zero: it is zero, not missing")
    func explicitZero() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(0, 0), content: "A long answer that was free of charge.")
        let plain = try await metered.send()
        #expect(plain.usage == TokenUsage(input: 0, output: 0, total: 0))
        #expect(plain.cost == "0")
        metered.stream([
            Metered.chunk("Hello"), Metered.chunk(nil, usage: Metered.usage(0, 0)), "[DONE]",
        ])
        let streamed = try await metered.send(Metered.streamed)
        #expect(streamed.usage == plain.usage)
        #expect(streamed.cost == "0")
    }

    @Test("by a provider's own cost, which wins and is marked")
    func providersCost() async throws {
        let metered = try MeteredProxy()
        metered.answer(
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"cost":0.0123}"#)
        let plain = try await metered.send()
        #expect(plain.cost == "0.0123")
        #expect(plain.costSource == .provider)
        metered.stream([
            Metered.chunk("Hello"),
            Metered.chunk(
                nil,
                usage:
                    #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"cost":1.23e-2}"#),
            "[DONE]",
        ])
        let streamed = try await metered.send(Metered.streamed)
        #expect(streamed[Facts.cost] == plain[Facts.cost])
    }

    @Test("by a provider's own cost of zero")
    func providersZeroCost() async throws {
        let metered = try MeteredProxy()
        metered.answer(#"{"prompt_tokens":10,"completion_tokens":5,"cost":0}"#)
        let result = try await metered.send()
        #expect(result.cost == "0")
        #expect(result.costSource == .provider)
    }

    @Test(
        "by a streamed answer that is charged otherwise than the same plain one",
        arguments: [false, true])
    func streamedAsPlain(isFromAnthropic: Bool) async throws {
        let metered = try MeteredProxy()
        let start =
            #"{"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens":1}"#
        let usage =
            isFromAnthropic
            ? #"{"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens":20}"#
            : #"{"prompt_tokens":1104,"completion_tokens":20,"total_tokens":1124,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":100}}"#
        metered.answer(usage)
        let plain = try await metered.send()
        metered.stream(
            isFromAnthropic
                ? [
                    #"message_start|{"type":"message_start","message":{"model":"small","usage":\#(start)}}"#,
                    #"content_block_delta|{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"}}"#,
                    #"message_delta|{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":20}}"#,
                ]
                : [
                    Metered.chunk("Hello", finish: "stop"), Metered.chunk(nil, usage: usage),
                    "[DONE]",
                ])
        let streamed = try await metered.send(Metered.streamed)
        #expect(plain.usage == streamed.usage)
        #expect(plain[Facts.cost] == streamed[Facts.cost])
        // 4 at 1, 1000 at 0.1, 100 at 1.5 and 20 at 10 dollars for a million.
        #expect(plain.cost == "0.000454")
    }

    @Test("by cached tokens that are charged in full")
    func cachedTokens() async throws {
        let metered = try MeteredProxy()
        metered.stream([
            Metered.chunk("Hello", finish: "stop"),
            Metered.chunk(
                nil,
                usage:
                    #"{"prompt_tokens":10000,"completion_tokens":0,"total_tokens":10000,"prompt_tokens_details":{"cached_tokens":10000}}"#
            ), "[DONE]",
        ])
        #expect(try await metered.send(Metered.streamed).cost == "0.001")
    }

    @Test(
        "by an alias, or a dated name, that has no price of its own",
        arguments: ["little", "small-2026-01-01"])
    func aliases(model: String) async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100), model: model)
        let result = try await metered.send(#"{"model":"\#(model)","messages":[]}"#)
        #expect(result.cost == "0.002")
        #expect(result.costSource == .prices)
        #expect(metered.proxy.metrics["tokens_total", ["model": "small", "kind": "input"]] == 1000)
    }

    @Test("by an answer that names a model without a price: the one that was asked for counts")
    func unknownAnsweringModel() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100), model: "internal-name-7")
        let result = try await metered.send()
        #expect(result.cost == "0.002")
        #expect(result[Facts.model] == "internal-name-7")
    }

    @Test("by a router that answers with a dearer model than was asked for")
    func dearerModel() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100), model: "large")
        #expect(try await metered.send().cost == "0.2")
    }

    @Test("by a model without a price: it is counted, told once, and seen in the cost's source")
    func unpriced() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100), model: "secret")
        for _ in 0..<3 {
            let result = try await metered.send(#"{"model":"secret","messages":[]}"#)
            #expect(result.costSource == .unpriced)
            #expect(result.usage?.input == 1000)
        }
        #expect(metered.proxy.metrics["unpriced_total"] == 3)
        #expect(metered.proxy.log.lines.filter { $0.event == "a model has no price" }.count == 1)
        #expect(
            metered.proxy.metrics["tokens_total", ["model": "unpriced", "kind": "input"]] == 3000)
    }

    @Test("by a client that leaves in the middle: what had passed is charged, and marked")
    func clientLeaves() async throws {
        let metered = try MeteredProxy()
        let text = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep."
        metered.stream(
            text.split(separator: " ").map { Metered.chunk("\($0) ") }, ending: .clientLeaves)
        let result = try await metered.send(Metered.streamed)
        let usage = try #require(result.usage)
        #expect(usage.isEstimated)
        // Seventeen, by tokenizers of several providers.
        #expect((13...21).contains(usage.output ?? 0))
        #expect((usage.input ?? 0) > 0)
        let output = try #require(usage.output)
        let input = try #require(usage.input)
        #expect(
            result[Facts.cost]?.amount
                == Money(picodollars: Int64(input * 1_000_000 + output * 10_000_000)))
        #expect(metered.proxy.metrics["usage_estimated_total", ["reason": "client_left"]] == 1)
    }

    @Test("by a client that leaves after the usage has passed: that is exact")
    func clientLeavesLate() async throws {
        let metered = try MeteredProxy()
        metered.stream(
            [
                Metered.chunk("Hello", finish: "stop"),
                Metered.chunk(nil, usage: Metered.usage(9, 2)),
            ],
            ending: .clientLeaves)
        let result = try await metered.send(Metered.streamed)
        #expect(result.usage == TokenUsage(input: 9, output: 2, total: 11))
    }

    @Test("by an upstream that breaks off after it has counted so far")
    func brokenOffAfterCounting() async throws {
        let metered = try MeteredProxy()
        metered.stream(
            [
                Metered.chunk("Hello", usage: Metered.usage(100, 50)),
                Metered.chunk(" and this came after the last numbers had been told"),
            ], ending: .upstreamBreaks)
        let usage = try #require(try await metered.send(Metered.streamed).usage)
        #expect(usage.isEstimated)
        #expect(usage.input == 100)
        #expect((55...70).contains(usage.output ?? 0))
        #expect(metered.proxy.metrics["usage_estimated_total", ["reason": "broken_off"]] == 1)
    }

    @Test("by a stream whose provider never tells: it is estimated")
    func neverTold() async throws {
        let metered = try MeteredProxy()
        metered.stream([Metered.chunk("Hello there, how are you?"), "[DONE]"])
        let usage = try #require(try await metered.send(Metered.streamed).usage)
        #expect(usage.isEstimated)
        #expect((5...11).contains(usage.output ?? 0))
    }

    @Test("by a provider's error, which costs nothing")
    func errors() async throws {
        let metered = try MeteredProxy()
        for status in [400, 401, 429, 500, 529] {
            metered.proxy.upstream = UpstreamAnswer(
                status, headers: Metered.json, body: #"{"error":{"message":"no"}}"#)
            let result = try await metered.send()
            #expect(result.usage == nil)
            #expect(result.cost == nil)
        }
        metered.proxy.upstream = .unreachable
        #expect(try await metered.send().cost == nil)
        metered.stream([#"{"error":{"message":"overloaded"}}"#])
        #expect(try await metered.send(Metered.streamed).cost == nil)
        #expect(metered.proxy.metrics["cost_usd_total"] == nil)
    }

    @Test("by being charged twice: metrics, totals and facts agree after many answers")
    func once() async throws {
        let metered = try MeteredProxy()
        for count in 1...20 {
            if count % 2 == 0 {
                metered.answer(Metered.usage(count, count))
                _ = try await metered.send()
            } else {
                metered.stream([
                    Metered.chunk("Hi"), Metered.chunk(nil, usage: Metered.usage(count, count)),
                    "[DONE]",
                ])
                _ = try await metered.send(Metered.streamed)
            }
        }
        // 210 tokens each way, at 11 dollars for a million of both.
        let cost = try #require(metered.proxy.metrics["cost_usd_total"])
        #expect(abs(cost - 0.00231) < 1e-12)
        metered.proxy.runPeriodic()
        #expect(
            "\(metered.meter.state)".contains(#""cost_usd": "0.00231""#), "\(metered.meter.state)")
        #expect(
            "\(metered.meter.state)".contains(
                #""answers": 20, "input": 210, "cached": 0, "output": 210"#))
    }

    @Test("by two meters in one chain: the first one charges")
    func twoMeters() async throws {
        let metered = try MeteredProxy()
        try metered.proxy.add(
            CostMeter.self, #"{ "prices": "prices.json" }"#, label: "second")
        metered.answer(Metered.usage(1000, 100))
        #expect(try await metered.send().cost == "0.002")
        #expect(metered.proxy.metrics["tokens_total", ["kind": "input"]] == 1000)
        metered.stream([
            Metered.chunk("Hi", usage: "null"), Metered.chunk(nil, usage: Metered.usage(1000, 100)),
            "[DONE]",
        ])
        let streamed = try await metered.send(Metered.streamed)
        #expect(!streamed.body.contains("usage"))
        #expect(metered.proxy.metrics["tokens_total", ["kind": "input"]] == 2000)
    }

    @Test(
        "by a warning that cries wolf: a name in an answer is not told where the one asked for has a price"
    )
    func noWarning() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1, 1), model: "internal-name-7")
        _ = try await metered.send()
        #expect(metered.proxy.log.lines.isEmpty)
        #expect(metered.proxy.metrics["unpriced_total"] == 0)
    }
}
