import Testing

@Suite struct ChatCompletionsTests {
    let upstream: RunningServer

    init() throws {
        upstream = try RunningServer()
    }

    @Test("a plain answer has the model asked for, a text, and usage that adds up")
    func plain() throws {
        let answer = try upstream.chat(hello)
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "application/json")
        let object = try answer.object()
        #expect(object["object"] as? String == "chat.completion")
        #expect(object["model"] as? String == "demo-small")
        let choice = try object.choice()
        #expect(choice["finish_reason"] as? String == "stop")
        #expect(choice.at("message", "role") as? String == "assistant")
        #expect((choice.at("message", "content") as? String)?.hasPrefix("Hello from") == true)
        #expect(object.at("usage", "prompt_tokens") as? Int == 4)
        #expect(object.at("usage", "completion_tokens") as? Int == 12)
        #expect(object.at("usage", "total_tokens") as? Int == 16)
    }

    @Test("a stream's pieces make up the text of the plain answer")
    func stream() throws {
        let plain = try upstream.chat(hello).object().choice()
        let answer = try upstream.chat(helloStream)
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "text/event-stream")
        let events = try answer.events()
        let text = try events.compactMap { try $0.choice().at("delta", "content") as? String }
        #expect(text.joined() == plain.at("message", "content") as? String)
        #expect(try events.first?.choice().at("delta", "role") as? String == "assistant")
        #expect(try events.last?.choice()["finish_reason"] as? String == "stop")
        #expect(events.allSatisfy { $0["object"] as? String == "chat.completion.chunk" })
        #expect(events.allSatisfy { $0["usage"] == nil })
        #expect(Set(events.compactMap { $0["id"] as? String }).count == 1)
    }

    @Test("each event of a stream is an HTTP chunk of its own")
    func chunks() throws {
        let answer = try upstream.chat(helloStream)
        #expect(answer.chunks.count == 15)
        #expect(
            answer.chunks.allSatisfy { chunk in
                chunk.hasPrefix("data: ")
                    && chunk.firstRange(of: "\n\n")?.upperBound == chunk.endIndex
            })
    }

    @Test("usage comes last in a stream that asks for it, with empty choices, and null before")
    func streamedUsage() throws {
        let answer = try upstream.chat(
            #"""
            {"model":"m","stream":true,"stream_options":{"include_usage":true},
             "messages":[{"role":"user","content":"Hello there"}]}
            """#, headers: ["x-demo-chunks: 3"])
        let events = try answer.events()
        let last = try #require(events.last)
        #expect((last["choices"] as? [Any])?.isEmpty == true)
        #expect(last.at("usage", "completion_tokens") as? Int == 3)
        #expect(last.at("usage", "total_tokens") as? Int == 7)
        #expect(events.dropLast().allSatisfy { $0.keys.contains("usage") })
        #expect(events.dropLast().allSatisfy { $0.at("usage", "total_tokens") == nil })
    }

    @Test(
        "max_tokens ends the text early, with the reason length",
        arguments: [
            "max_tokens", "max_completion_tokens",
        ])
    func maximumTokens(name: String) throws {
        let object = try upstream.chat(
            #"{"model":"m","\#(name)":2,"messages":[{"role":"user","content":"x"}]}"#
        ).object()
        #expect(try object.choice()["finish_reason"] as? String == "length")
        #expect(try object.choice().at("message", "content") as? String == "Hello from")
        #expect(object.at("usage", "completion_tokens") as? Int == 2)
    }

    @Test("messages made of parts, and null for what is not set, are understood")
    func parts() throws {
        let answer = try upstream.chat(
            #"""
            {"model":"m","stream":null,"max_tokens":null,"tools":null,"stream_options":null,
             "messages":[{"role":"user","content":[{"type":"text","text":"Grüße"}]}]}
            """#)
        #expect(answer.status == 200)
    }

    @Test(
        "a request that cannot be answered says which member is wrong",
        arguments: [
            ("{", 400, nil, nil),
            ("", 400, nil, nil),
            ("[]", 400, nil, nil),
            (#"{"messages":[{"role":"user","content":"x"}]}"#, 400, nil, "model"),
            (#"{"model":"m"}"#, 400, nil, "messages"),
            (#"{"model":"m","messages":[]}"#, 400, nil, "messages"),
            (#"{"model":"m","messages":[{}]}"#, 400, nil, "messages[0].role"),
            (#"{"model":"m","messages":[{"role":"user"}],"stream":1}"#, 400, nil, "stream"),
            (#"{"model":"m","messages":[{"role":"user"}],"n":2}"#, 400, nil, "n"),
            (
                #"{"model":"m","messages":[{"role":"user"}],"stream_options":{"include_usage":true}}"#,
                400, nil, "stream_options"
            ),
            (#"{"model":"m","messages":[{"role":"user"}],"tools":[]}"#, 400, nil, "tools"),
            (#"{"model":"missing-7","messages":[]}"#, 404, "model_not_found", nil),
        ] as [(String, Int, String?, String?)])
    func mistakes(body: String, status: Int, code: String?, parameter: String?) throws {
        let answer = try upstream.chat(body)
        #expect(answer.status == status)
        let error = try answer.error()
        #expect(Set(error.keys) == ["message", "type", "code", "param"])
        #expect(error["type"] as? String == "invalid_request_error")
        #expect(error["code"] as? String == code)
        #expect(error["param"] as? String == parameter)
    }

    @Test("a body nested without end is refused, and the server lives on")
    func nesting() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(try upstream.chat(deep).status == 400)
        let objects = String(repeating: #"{"a":["#, count: 32)
        let closed = objects + String(repeating: "]}", count: 32)
        #expect(try upstream.chat(closed).error()["param"] as? String == "model")
        #expect(try upstream.chat(hello).status == 200)
    }
}
