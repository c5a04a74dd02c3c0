import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("cost-meter")
struct CostMeterTests {
    private typealias Metered = MeteredProxy

    // MARK: The request

    @Test("a request tells its model, and what it may take and cost at most")
    func expects() async throws {
        let metered = try MeteredProxy()
        metered.answer(nil)
        let result = try await metered.send(
            #"{"model":"small","max_tokens":100,"n":3,"messages":[{"role":"user","content":"\#(String(repeating: "word ", count: 400))"}]}"#
        )
        #expect(result[Facts.model] == "small")
        let usage = try #require(result[Facts.expectedUsage])
        // 400 tokens or so, seen from above.
        #expect((500...900).contains(usage.input ?? 0))
        #expect(usage.output == 300)
        // All of it may go into the provider's cache, which is the dearest.
        #expect(
            result[Facts.expectedCost]?.picodollars
                == Int64((usage.input ?? 0) * 1_500_000 + 300 * 10_000_000))
    }

    @Test("a request tells whether it asks for a stream")
    func asksForStream() async throws {
        let metered = try MeteredProxy()
        #expect(try await metered.send()[Facts.asksForStream] == false)
        #expect(try await metered.send(Metered.streamed)[Facts.asksForStream] == true)
        #expect(try await metered.send("no JSON")[Facts.asksForStream] == nil)
    }

    @Test("an answer that gives way to an error of the proxy's is charged for what had come of it")
    func givesWay() throws {
        let metered = try MeteredProxy(#""costHeader": true"#)
        let exchange = TestRequest("POST", "/v1/chat/completions", body: "x").exchange()
        let body = Array(#"{"model":"small","messages":[]}"#.utf8)
        _ = try metered.meter.request(exchange, body: body.span)
        exchange.outcome.attempts = 1
        exchange.response.status = 200
        metered.meter.responseHead(exchange)
        let half = Array(#"{"choices":[{"message":{"content":"one two three four"#.utf8)
        _ = metered.meter.responseBody(exchange, half.span, isLast: false)
        exchange.response.source = .proxy
        exchange.response.status = 502
        metered.meter.responseHead(exchange)
        let error = Array(#" and more than that","usage":{"completion_tokens":99}}"#.utf8)
        _ = metered.meter.responseBody(exchange, error.span, isLast: true)
        metered.meter.completed(exchange)
        let usage = try #require(exchange[Facts.usage])
        #expect(usage.isEstimated)
        #expect((3...6).contains(usage.output ?? 0))
    }

    @Test(
        "the limit of the output is found by each of its names",
        arguments: ["max_tokens", "max_completion_tokens", "max_output_tokens"])
    func limits(name: String) async throws {
        let metered = try MeteredProxy()
        let result = try await metered.send(#"{"model":"small","\#(name)":77}"#)
        #expect(result[Facts.expectedUsage]?.output == 77)
        let unlimited = try await metered.send(#"{"model":"small"}"#)
        #expect(unlimited[Facts.expectedUsage]?.output == 4096)
    }

    @Test("embeddings are expected to have no output")
    func embeddings() async throws {
        let metered = try MeteredProxy()
        metered.proxy.upstream = UpstreamAnswer(
            200, headers: Metered.json,
            body:
                #"{"object":"list","data":[{"embedding":[0.1]}],"model":"embedding","usage":{"prompt_tokens":8,"total_tokens":8}}"#
        )
        let result = try await metered.send(
            #"{"model":"embedding","input":["one",[1,2,3]]}"#, to: "/v1/embeddings")
        #expect(result[Facts.expectedUsage]?.output == 0)
        #expect(result.cost == "0.000016")
    }

    @Test("a picture in a prompt is not taken for text")
    func pictures() async throws {
        let metered = try MeteredProxy()
        let picture = String(repeating: "QUJD", count: 100_000)
        let result = try await metered.send(
            #"{"model":"small","messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(picture)"}}]}]}"#
        )
        #expect((1000...2000).contains(result[Facts.expectedUsage]?.input ?? 0))
    }

    @Test("an identity gets no other models than it may use")
    func allowedModels() async throws {
        let metered = try MeteredProxy()
        struct Grant: RequestPhase {
            typealias Configuration = NoSettings
            static let name = "grant"
            init(_ configuration: NoSettings, _ setup: Setup) {}
            func request(_ exchange: Exchange) -> Decision {
                exchange[Facts.allowedModels] = [Glob("small*")!]
                return .proceed
            }
        }
        let proxy = TestProxy(folder: metered.proxy.setup(label: "x").folder)
        proxy.add(Grant(NoSettings(), proxy.setup(label: "grant")))
        try proxy.add(CostMeter.self, "{}")
        func send(_ body: String, type: String = "application/json") async throws -> TestResult {
            try await proxy.send(
                "POST", "/v1/chat/completions", headers: ["content-type": type],
                body: BodyRuns([Array(body.utf8)]))
        }
        #expect(try await send(#"{"model":"small-2"}"#).status == 200)
        let refused = try await send(#"{"model":"large"}"#)
        #expect(refused.status == 403)
        #expect(refused.reason == "model_not_allowed")
        // However it is written.
        #expect(try await send(#"{"model":"small","mod\u0065l":"large"}"#).status == 400)
        #expect(try await send(#"{"mod\u0065l":"large"}"#).status == 403)
        #expect(
            try await send(#"{"model":"\#(String(repeating: "x", count: 200))"}"#).status == 403)
        #expect(try await send(#"{"model":7}"#).status == 403)
        #expect(try await send("{'model':'large'}").status == 403)
        #expect(try await send("--x\r\n", type: "multipart/form-data; boundary=x").status == 200)
        #expect(try await proxy.send("GET", "/v1/models").status == 200)
    }

    @Test("a request that names two models is refused, whoever would take which")
    func twoModels() async throws {
        let metered = try MeteredProxy()
        let result = try await metered.send(#"{"model":"small","model":"large"}"#)
        #expect(result.status == 400)
        #expect(result.reason == "ambiguous_model")
    }

    @Test("a body that is no JSON passes untouched and costs nothing")
    func noJSON() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(10, 10))
        for body in ["hello", "{\"model\":", "[1,2", "\u{0}\u{1}", #"{"model" "small"}"#] {
            let result = try await metered.send(body)
            #expect(result.sent?.body.text == body)
            #expect(result.cost == nil, "\(body)")
        }
    }

    @Test("a body that is longer than its bound is refused")
    func bodyLimit() async throws {
        let metered = try MeteredProxy(#""bodyLimit": "1KiB""#)
        let long = String(repeating: "x", count: 2000)
        #expect(try await metered.send(#"{"model":"small","prompt":"\#(long)"}"#).status == 413)
    }

    // MARK: Models without a price

    @Test("a model without a price can be refused")
    func refusesUnpriced() async throws {
        let metered = try MeteredProxy(#""whenUnpriced": "refuse""#)
        let result = try await metered.send(#"{"model":"secret"}"#)
        #expect(result.status == 400)
        #expect(result.reason == "model_unpriced")
        #expect(result.sent == nil)
        #expect(try await metered.send().status == 200)
    }

    @Test("a model without a price can have a default, which is marked")
    func defaultPrice() async throws {
        let metered = try MeteredProxy(#""whenUnpriced": { "input": 5, "output": 50 }"#)
        metered.answer(Metered.usage(1000, 100), model: "secret")
        let result = try await metered.send(#"{"model":"secret"}"#)
        #expect(result.cost == "0.01")
        #expect(result.costSource == .fallback)
        #expect(metered.proxy.metrics["unpriced_total"] == 1)
    }

    @Test(
        "a wrong default is told with its place",
        arguments: [
            #""whenUnpriced": "refus""#, #""whenUnpriced": { "input": 5 }"#, #""whenUnpriced": 3"#,
        ])
    func wrongDefault(setting: String) {
        #expect(throws: ConfigurationError.self) { try MeteredProxy(setting) }
    }

    @Test("without a file of prices, only what providers say of cost counts")
    func noFile() async throws {
        let proxy = TestProxy()
        try proxy.add(CostMeter.self)
        proxy.upstream = UpstreamAnswer(
            200, headers: Metered.json,
            body: #"{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0.5}}"#)
        let result = try await proxy.send(
            "POST", "/v1/chat/completions", headers: Metered.json, body: #"{"model":"m"}"#)
        #expect(result.cost == "0.5")
        proxy.upstream = UpstreamAnswer(
            200, headers: Metered.json,
            body: #"{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2}}"#)
        let unpriced = try await proxy.send(
            "POST", "/v1/chat/completions", headers: Metered.json, body: #"{"model":"m"}"#)
        #expect(unpriced.costSource == .unpriced)
    }

    // MARK: The answer

    @Test("the service tier that an answer reports chooses its price, and why it ended is told")
    func tierAndFinish() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(10, 1))
        let result = try await metered.send()
        #expect(result[Facts.finishReason] == "stop")
    }

    @Test("plain answers carry their cost where that is wanted")
    func costHeader() async throws {
        let metered = try MeteredProxy(#""costHeader": true"#)
        metered.answer(Metered.usage(1000, 100))
        let result = try await metered.send()
        #expect(result.headers["x-sluice-cost"] == "0.002")
        metered.answer(Metered.usage(1000, 100), model: "secret")
        #expect(
            try await metered.send(#"{"model":"secret"}"#).headers["x-sluice-cost"] == nil)
        let silent = try MeteredProxy()
        silent.answer(Metered.usage(1000, 100))
        #expect(try await silent.send().headers["x-sluice-cost"] == nil)
    }

    @Test("an answer that the proxy makes itself costs nothing, whatever it says")
    func ownAnswers() async throws {
        struct Cache: RequestPhase {
            typealias Configuration = NoSettings
            static let name = "cache"
            init(_ configuration: NoSettings, _ setup: Setup) {}
            func request(_ exchange: Exchange) -> Decision {
                .answer(
                    Answer(
                        headers: [("content-type", "application/json")],
                        body: Array(
                            #"{"model":"small","usage":{"prompt_tokens":9,"completion_tokens":9}}"#
                                .utf8)))
            }
        }
        let metered = try MeteredProxy()
        metered.proxy.add(Cache(NoSettings(), metered.proxy.setup(label: "cache")))
        let result = try await metered.send()
        #expect(result.status == 200)
        #expect(result.cost == nil)
        #expect(result.usage == nil)
    }

    @Test("a client that leaves before the answer is charged for its prompt, and marked")
    func leavesBeforeAnswer() async throws {
        let metered = try MeteredProxy()
        let exchange = TestRequest(
            "POST", "/v1/chat/completions", headers: Metered.json, body: "x"
        ).exchange()
        let body = Array(
            #"{"model":"small","messages":[{"role":"user","content":"Hello there"}]}"#.utf8)
        _ = try metered.meter.request(exchange, body: body.span)
        exchange.outcome.attempts = 1
        exchange.outcome.aborted = .client
        exchange.outcome.status = 499
        metered.meter.completed(exchange)
        let usage = try #require(exchange[Facts.usage])
        #expect(usage.isEstimated)
        #expect(usage.output == 0)
        #expect((3...12).contains(usage.input ?? 0))
        #expect(exchange[Facts.cost]?.source == .prices)
    }

    @Test("a client that leaves before its request has gone anywhere is charged nothing")
    func leavesBeforeRequest() async throws {
        let metered = try MeteredProxy()
        let exchange = TestRequest("POST", "/v1/chat/completions", body: "x").exchange()
        let body = Array(#"{"model":"small"}"#.utf8)
        _ = try metered.meter.request(exchange, body: body.span)
        exchange.outcome.aborted = .client
        metered.meter.completed(exchange)
        #expect(exchange[Facts.usage] == nil)
        #expect(exchange[Facts.cost] == nil)
    }

    @Test("an answer can be read to its end though its client has left")
    func finishes() async throws {
        let metered = try MeteredProxy(#""onClientGone": "finish""#)
        let cancelling = try MeteredProxy()
        #expect(try await metered.send().exchange.finishesWithoutClient)
        #expect(try await !cancelling.send().exchange.finishesWithoutClient)
        // A request of another kind is not held open.
        #expect(try await !metered.proxy.send("GET", "/v1/models").exchange.finishesWithoutClient)
    }

    @Test("while a stream runs, the facts tell what it has taken so far")
    func soFar() async throws {
        struct Watch: ResponseBodyPhase {
            typealias Configuration = NoSettings
            static let name = "watch"
            let seen = Locked<[Int]>([])
            init(_ configuration: NoSettings, _ setup: Setup) {}
            func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool)
                -> BodyDecision
            {
                if let output = exchange[Facts.usage]?.output, exchange[Facts.cost] != nil {
                    seen.withLock { $0.append(output) }
                }
                return .pass
            }
        }
        // The chain's answers go last to first, so the watch stands before the meter.
        let folder = try TemporaryFolder()
        try folder.write(
            #"{"providers":{"here":{"models":{"small":{"input":1,"output":10}}}}}"#,
            to: "prices.json")
        let proxy = TestProxy(folder: folder.path)
        let watch = Watch(NoSettings(), proxy.setup(label: "watch"))
        proxy.add(watch)
        try proxy.add(CostMeter.self, #"{ "prices": "prices.json" }"#)
        proxy.upstream = UpstreamAnswer(
            200, headers: Metered.events,
            body: BodyRuns(
                (0..<5).map { _ in AnswerShape.events([Metered.chunk("some more text ")]) }))
        _ = try await proxy.send(
            "POST", "/v1/chat/completions", headers: Metered.json,
            body: BodyRuns([Array(Metered.streamedWithUsage.utf8)]))
        let seen = watch.seen.withLock { $0 }
        #expect(seen.count == 5)
        #expect(seen == seen.sorted())
        #expect(Set(seen).count == 5)
    }

    @Test(
        "coded answers are not asked for, and one that comes all the same is charged for its prompt"
    )
    func coded() async throws {
        let metered = try MeteredProxy()
        metered.proxy.upstream = UpstreamAnswer(
            200, headers: ["content-type": "application/json", "content-encoding": "gzip"],
            body: "\u{1F}\u{8B}")
        let result = try await metered.send(headers: [
            "content-type": "application/json", "accept-encoding": "gzip, br",
        ])
        #expect(result.sent?.headers["accept-encoding"] == "identity")
        #expect(result.usage?.isEstimated == true)
        #expect(metered.proxy.metrics["usage_estimated_total", ["reason": "coded"]] == 1)
    }

    @Test("sound and pictures are not charged for")
    func otherKinds() async throws {
        let metered = try MeteredProxy()
        metered.proxy.upstream = UpstreamAnswer(
            200, headers: ["content-type": "audio/mpeg"], body: "ID3")
        #expect(try await metered.send(to: "/v1/audio/speech").cost == nil)
    }

    @Test("one that is only observed counts, and changes nothing")
    func observed() async throws {
        let metered = try MeteredProxy(
            #""costHeader": true, "costInStream": true, "onClientGone": "finish", "whenUnpriced": "refuse""#,
            mode: .observe)
        metered.answer(Metered.usage(1000, 100))
        let plain = try await metered.send(headers: [
            "content-type": "application/json", "accept-encoding": "gzip",
        ])
        #expect(plain.sent?.headers["accept-encoding"] == "gzip")
        #expect(plain.headers["x-sluice-cost"] == nil)
        #expect(plain.cost == "0.002")
        #expect(!plain.exchange.finishesWithoutClient)
        let streamed = try await metered.send(Metered.streamed)
        #expect(streamed.sent?.body.text == Metered.streamed)
        #expect(try await metered.send(#"{"model":"secret"}"#).status == 200)
    }

    // MARK: Totals

    @Test("totals are kept by identity, model and upstream, for the hour and the day")
    func totals() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100))
        _ = try await metered.send()
        metered.proxy.time.advance(by: .seconds(3600))
        _ = try await metered.send()
        metered.proxy.runPeriodic()
        #expect(
            "\(metered.meter.state)"
                == #"{"accounts": 1, "top": [{"identity": null, "model": "small", "upstream": "test", "hour": {"answers": 1, "input": 1000, "cached": 0, "output": 100, "cost_usd": "0.002"}, "day": {"answers": 2, "input": 2000, "cached": 0, "output": 200, "cost_usd": "0.004"}}]}"#
        )
    }

    @Test("replicas add to the same totals")
    func replicas() async throws {
        let metered = try MeteredProxy()
        metered.answer(Metered.usage(1000, 100))
        _ = try await metered.send()
        let other = TestProxy(
            folder: metered.proxy.setup(label: "x").folder, replicaOf: metered.proxy)
        try other.add(CostMeter.self, #"{ "prices": "prices.json" }"#)
        other.upstream = metered.proxy.upstream
        _ = try await other.send(
            "POST", "/v1/chat/completions", headers: Metered.json, body: #"{"model":"small"}"#)
        metered.proxy.runPeriodic()
        #expect("\(metered.meter.state)".contains(#""answers": 2"#))
    }

    @Test("names that clients make up do not make metrics")
    func boundedLabels() async throws {
        let metered = try MeteredProxy()
        for number in 0..<50 {
            metered.answer(Metered.usage(1, 1), model: "made-up-\(number)")
            _ = try await metered.send(#"{"model":"made-up-\#(number)"}"#)
        }
        #expect(
            metered.proxy.metrics["tokens_total", ["model": "unpriced", "kind": "input"]] == 50)
    }
}

struct NoSettings: PluginConfiguration {
    init() {}
}
