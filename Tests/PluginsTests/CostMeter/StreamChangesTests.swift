import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("What a client sees of a metered stream")
struct StreamChangesTests {
    private typealias Metered = MeteredProxy

    /// What the upstream says unasked, and what it says when it has been asked for its usage.
    struct Stream: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let unasked: String
        let asked: String
        var usage = TokenUsage(input: 18, output: 2, total: 20)
    }

    private static let usage = Metered.usage(18, 2)

    /// As OpenAI does: `"usage":null` in every chunk, and one chunk more.
    static let streams: [Stream] =
        ["\n", "\r\n", "\r"].map { lineEnd in
            Stream(
                testDescription: "OpenAI, lines that end with \(Array(lineEnd.utf8))",
                unasked: AnswerShape.events(
                    [
                        Metered.chunk("Hello"), Metered.chunk(" you"),
                        Metered.chunk("", finish: "stop"), "[DONE]",
                    ],
                    lineEnd: lineEnd),
                asked: AnswerShape.events(
                    [
                        Metered.chunk("Hello", usage: "null"), Metered.chunk(" you", usage: "null"),
                        Metered.chunk("", finish: "stop", usage: "null"),
                        Metered.chunk(nil, usage: usage),
                        "[DONE]",
                    ], lineEnd: lineEnd))
        } + [
            Stream(
                testDescription: "the member first, in the middle, and among spaces",
                unasked: AnswerShape.events([
                    #"{"choices":[{"delta":{"content":"a"}}]}"#,
                    #"{"id":"c","choices":[{"delta":{"content":"b"}}],"obfuscation":"x"}"#,
                    #"{ "id": "c" , "choices": [{"delta": {"content": "c"}}] }"#, "[DONE]",
                ]),
                asked: AnswerShape.events([
                    #"{"usage":null,"choices":[{"delta":{"content":"a"}}]}"#,
                    #"{"id":"c","usage":null,"choices":[{"delta":{"content":"b"}}],"obfuscation":"x"}"#,
                    #"{ "id": "c" , "choices": [{"delta": {"content": "c"}}], "usage" : null }"#,
                    #"{"id":"c","choices":[],"usage":\#(usage)}"#, "[DONE]",
                ])),
            Stream(
                testDescription: "comments, events of other kinds, and data that is no JSON",
                unasked:
                    ": ping\n\nevent: x\nid: 7\nretry: 10\ndata: hello\n\n\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"usage\\\":null\"}}]}\n\n: \"usage\":null\n\ndata: {\"usage\n\ndata: [DONE]\n\n",
                asked:
                    ": ping\n\nevent: x\nid: 7\nretry: 10\ndata: hello\n\n\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"usage\\\":null\"}}],\"usage\":null}\n\n: \"usage\":null\n\ndata: {\"choices\":[],\"usage\":\(usage)}\n\ndata: {\"usage\n\ndata: [DONE]\n\n"
            ),
            Stream(
                testDescription: "a stream without an empty line at its end",
                unasked: "data: \(Metered.chunk("Hello"))\n\ndata: [DONE]",
                asked:
                    "data: \(Metered.chunk("Hello", usage: "null"))\n\ndata: \(Metered.chunk(nil, usage: usage))\n\ndata: [DONE]"
            ),
            Stream(
                testDescription: "usage beside a choice, which is left",
                unasked: AnswerShape.events([
                    Metered.chunk("Hello", finish: "stop", usage: usage), "[DONE]",
                ]),
                asked: AnswerShape.events([
                    Metered.chunk("Hello", finish: "stop", usage: usage), "[DONE]",
                ])),
        ]

    @Test(
        "what it did not ask for is not there, to the byte, however the stream is cut",
        arguments: streams)
    func unasked(_ stream: Stream) async throws {
        let metered = try MeteredProxy()
        for size in [1, 2, 3, 7, 50, 100, 173, 1000, 100_000] {
            for endsAlone in [false, true] {
                metered.proxy.upstream = UpstreamAnswer(
                    200, headers: Metered.events, body: BodyRuns(stream.asked, cutEvery: size),
                    endsAlone: endsAlone)
                let result = try await metered.send(Metered.streamed)
                #expect(result.body == stream.unasked, "cut every \(size)")
                #expect(result.usage == stream.usage, "cut every \(size)")
            }
        }
    }

    @Test("in random pieces it is the same", arguments: streams)
    func randomly(_ stream: Stream) async throws {
        var random = SplitMix64(seed: stream.asked.utf8.count)
        let bytes = Array(stream.asked.utf8)
        for _ in 0..<100 {
            let meter = AnswerMeter()
            var changes = AnswerMeter.Changes()
            changes.removesUsage = true
            meter.begin(.events, changes)
            var seen: [UInt8] = []
            var start = 0
            while start < bytes.count {
                let end = min(start + Int.random(in: 1...80, using: &random), bytes.count)
                let run = Array(bytes[start..<end])
                switch meter.read(run.span, isLast: end == bytes.count) {
                case .pass: seen += run
                case .replace(let other), .end(let other): seen += other
                }
                start = end
            }
            #expect(String(decoding: seen, as: UTF8.self) == stream.unasked)
        }
    }

    @Test("what it asked for is there, untouched", arguments: streams)
    func asked(_ stream: Stream) async throws {
        let metered = try MeteredProxy()
        for size in [1, 7, 173, 100_000] {
            metered.proxy.upstream = UpstreamAnswer(
                200, headers: Metered.events, body: BodyRuns(stream.asked, cutEvery: size))
            let result = try await metered.send(Metered.streamedWithUsage)
            #expect(result.sent?.body.text == Metered.streamedWithUsage)
            #expect(result.answer?.body.runs == BodyRuns(stream.asked, cutEvery: size).runs)
        }
    }

    @Test("answers of every shape pass as they are", arguments: AnswerShape.all)
    func everyShape(_ shape: AnswerShape) async throws {
        let metered = try MeteredProxy()
        metered.proxy.upstream = UpstreamAnswer(
            200, headers: shape.isStream ? Metered.events : Metered.json,
            body: BodyRuns(shape.body, cutEvery: 100))
        let result = try await metered.send(Metered.streamedWithUsage)
        #expect(result.body == shape.body)
        if let usage = shape.usage, usage.output != 1 || !shape.isStream {
            #expect(result.usage == usage)
        }
    }

    @Test(
        "an event that has come passes at once, and of one that has not only what may be taken out is held"
    )
    func delays() async throws {
        let meter = AnswerMeter()
        meter.begin(.events)
        let half = Array("data: {\"choices\":[{\"del".utf8)
        guard case .pass = meter.read(half.span, isLast: false) else {
            Issue.record("half an event was held though nothing is taken out")
            return
        }
        let asking = AnswerMeter()
        var changes = AnswerMeter.Changes()
        changes.removesUsage = true
        asking.begin(.events, changes)
        let first = Array("data: {\"choices\":[]}\n\ndata: {\"cho".utf8)
        guard case .replace(let passed) = asking.read(first.span, isLast: false) else {
            Issue.record("the half event passed")
            return
        }
        #expect(String(decoding: passed, as: UTF8.self) == "data: {\"choices\":[]}\n\n")
    }

    @Test("an event that is too long to be held passes")
    func longEvents() async throws {
        let metered = try MeteredProxy()
        let event = "data: \(Metered.chunk(String(repeating: "long ", count: 40_000)))\n\n"
        metered.proxy.upstream = UpstreamAnswer(
            200, headers: Metered.events, body: BodyRuns(event + event, cutEvery: 10_000))
        let result = try await metered.send(Metered.streamed)
        #expect(result.body == event + event)
        // Held until it was too long, and not after that.
        #expect((result.answer?.body.runs.count ?? 0) > 20)
    }

    @Test("a stream can tell its cost, where the client gets its usage")
    func costInStream() async throws {
        let metered = try MeteredProxy(#""costInStream": true"#)
        for size in [1, 5, 60, 10_000] {
            metered.stream(
                [
                    Metered.chunk("Hi", usage: "null"),
                    Metered.chunk(nil, usage: Metered.usage(1000, 100)), "[DONE]",
                ],
                cutEvery: size)
            let asked = try await metered.send(Metered.streamedWithUsage)
            #expect(
                asked.body.contains(
                    #""usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"cost":0.002}"#
                ),
                "\(asked.body)")
            #expect(asked.cost == "0.002")
            let unasked = try await metered.send(Metered.streamed)
            #expect(!unasked.body.contains("cost"))
            #expect(!unasked.body.contains("usage"))
        }
    }

    @Test("responses and messages tell their cost at the end of a stream too")
    func costInOtherStreams() async throws {
        let metered = try MeteredProxy(#""costInStream": true"#)
        metered.stream([
            #"response.completed|{"type":"response.completed","response":{"model":"small","status":"completed","usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}}"#
        ])
        let response = try await metered.send(Metered.streamed, to: "/v1/responses")
        #expect(response.body.contains(#""total_tokens":1100,"cost":0.002}}}"#))
        metered.stream([
            #"message_start|{"type":"message_start","message":{"model":"small","usage":{"input_tokens":1000,"output_tokens":1}}}"#,
            #"message_delta|{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":100}}"#,
        ])
        let message = try await metered.send(Metered.streamed, to: "/v1/messages")
        #expect(message.body.contains(#""usage":{"input_tokens":1000,"output_tokens":1}}}"#))
        #expect(message.body.contains(#""usage":{"output_tokens":100,"cost":0.002}}"#))
    }

    @Test("a provider's own cost stays as it is")
    func providersCostInStream() async throws {
        let metered = try MeteredProxy(#""costInStream": true"#)
        let events = [
            Metered.chunk(nil, usage: #"{"prompt_tokens":1,"completion_tokens":1,"cost":0.5}"#),
            "[DONE]",
        ]
        metered.stream(events)
        #expect(
            try await metered.send(Metered.streamedWithUsage).body == AnswerShape.events(events))
    }
}
