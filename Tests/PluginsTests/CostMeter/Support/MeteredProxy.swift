import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// A proxy with a cost-meter, and a file of prices that are easy to reckon with.
struct MeteredProxy {
    let proxy: TestProxy
    let meter: CostMeter
    private let folder: TemporaryFolder

    /// In dollars for a million tokens: 1 and 10, a tenth for cached ones, a half more for those written to
    /// the cache.
    private static let prices = """
        { "providers": { "here": {
          "models": {
            "small": { "input": 1, "output": 10, "cached": 0.1, "cacheWrite": 1.5 },
            "large": { "input": 100, "output": 1000 },
            "free": { "input": 0, "output": 0 },
            "embedding": { "input": 2, "output": 0 }
          },
          "aliases": { "little": "small", "small-2*": "small" }
        } } }
        """

    init(_ settings: String = "", mode: TestProxy.Mode = .enforce) throws {
        folder = try TemporaryFolder()
        try folder.write(Self.prices, to: "prices.json")
        proxy = TestProxy(folder: folder.path)
        meter = try proxy.add(
            CostMeter.self,
            #"{ "prices": "prices.json"\#(settings.isEmpty ? "" : ", " + settings) }"#, mode: mode)
    }

    static let json: KeyValuePairs = ["content-type": "application/json"]
    static let events: KeyValuePairs = ["content-type": "text/event-stream; charset=utf-8"]

    func send(
        _ body: String = #"{"model":"small","messages":[{"role":"user","content":"Hi"}]}"#,
        to target: String = "/v1/chat/completions",
        headers: KeyValuePairs<String, String> = json, cutEvery size: Int? = nil
    ) async throws -> TestResult {
        let runs = size.map { BodyRuns(body, cutEvery: $0) } ?? BodyRuns([Array(body.utf8)])
        return try await proxy.send("POST", target, headers: headers, body: runs)
    }

    /// A plain answer of that model, with these members of its usage.
    func answer(
        _ usage: String?, model: String = "small", content: String = "Hello", status: Int = 200,
        ending: UpstreamAnswer.Ending = .whole
    ) {
        let usage = usage.map { #","usage":\#($0)"# } ?? ""
        proxy.upstream = UpstreamAnswer(
            status, headers: Self.json,
            body: BodyRuns([
                Array(
                    #"{"model":"\#(model)","choices":[{"index":0,"message":{"role":"assistant","content":"\#(content)"},"finish_reason":"stop"}]\#(usage)}"#
                        .utf8)
            ]), ending: ending)
    }

    /// A streamed answer, an event in each run unless told.
    func stream(
        _ events: [String], cutEvery size: Int? = nil, ending: UpstreamAnswer.Ending = .whole,
        endsAlone: Bool = true
    ) {
        let body =
            size.map { BodyRuns(AnswerShape.events(events), cutEvery: $0) }
            ?? BodyRuns(events.map { AnswerShape.events([$0]) })
        proxy.upstream = UpstreamAnswer(
            200, headers: Self.events, body: body, ending: ending, endsAlone: endsAlone)
    }

    static let streamed =
        #"{"model":"small","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
    static let streamedWithUsage =
        #"{"model":"small","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}"#

    /// A chunk of a streamed chat.
    static func chunk(
        _ content: String?, finish: String? = nil, usage: String? = nil, model: String = "small"
    ) -> String {
        let choice = content.map {
            #"{"index":0,"delta":{"content":"\#($0)"},"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}"#
        }
        return
            #"{"id":"c","object":"chat.completion.chunk","model":"\#(model)","choices":[\#(choice ?? "")]\#(usage.map { ",\"usage\":\($0)" } ?? "")}"#
    }

    static func usage(_ input: Int, _ output: Int) -> String {
        #"{"prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":\#(input + output)}"#
    }
}

extension TestResult {
    /// What the exchange cost, in dollars.
    var cost: String? { self[Facts.cost]?.amount.description }
    var costSource: Cost.Source? { self[Facts.cost]?.source }
    var usage: TokenUsage? { self[Facts.usage] }
}
