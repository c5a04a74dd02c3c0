import PluginAPI

/// OpenAI's chat completions, streamed, and of those who speak alike.
extension AnswerShape {
    private static let head =
        #""id":"chatcmpl-ASv9h","object":"chat.completion.chunk","created":1731456253,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0ba0d124f1""#

    private static func chunk(_ choice: String, usage: String? = "null") -> String {
        "{\(head),\"choices\":[\(choice)]\(usage.map { ",\"usage\":\($0)" } ?? "")}"
    }

    private static func delta(_ members: String, finish: String = "null") -> String {
        #"{"index":0,"delta":{\#(members)},"logprobs":null,"finish_reason":\#(finish)}"#
    }

    private static let opening = delta(#""role":"assistant","content":"","refusal":null"#)
    private static let closing = delta("", finish: #""stop""#)

    private static func said(_ text: String) -> String { delta(#""content":"\#(text)""#) }

    private static func streamed(
        _ name: String, _ lines: [String], _ expect: TokenUsage?, finish: String = "stop",
        lineEnd: String = "\n"
    ) -> AnswerShape {
        .stream(
            name, lines + ["[DONE]"], expect, model: "gpt-4o-mini-2024-07-18", finish: finish,
            tier: "default", lineEnd: lineEnd)
    }

    private static let usage =
        #"{"prompt_tokens":18,"completion_tokens":5,"total_tokens":23,"prompt_tokens_details":{"cached_tokens":16,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}"#
    private static let counted = TokenUsage(
        input: 18, output: 5, cached: 16, reasoning: 0, total: 23)

    private static func small(_ input: Int, _ output: Int) -> String {
        #"{"prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":\#(input + output)}"#
    }

    private static func ofSmall(_ input: Int, _ output: Int) -> TokenUsage {
        TokenUsage(input: input, output: output, total: input + output)
    }

    static let streamedChats: [AnswerShape] = [
        streamed(
            "streamed chat",
            [chunk(opening), chunk(said("This")), chunk(said(" is \\\"it\\\".")), chunk(closing)]
                + [chunk("", usage: usage)], counted),
        streamed(
            "streamed chat with CRLF",
            [chunk(opening), chunk(said("This")), chunk(closing), chunk("", usage: usage)], counted,
            lineEnd: "\r\n"),
        streamed(
            "streamed chat with CR alone",
            [chunk(opening), chunk(said("This")), chunk(closing), chunk("", usage: usage)], counted,
            lineEnd: "\r"),
        streamed(
            "streamed chat without usage",
            [
                chunk(opening, usage: nil), chunk(said("Hi"), usage: nil),
                chunk(closing, usage: nil),
            ],
            nil),
        streamed(
            "streamed chat whose last chunk has both a choice and the usage",
            [
                chunk(opening, usage: nil), chunk(said("Hi"), usage: nil),
                chunk(closing, usage: usage),
            ],
            counted),
        streamed(
            "streamed chat with the usage in every chunk",
            [
                chunk(opening, usage: small(9, 0)), chunk(said("One"), usage: small(9, 1)),
                chunk(said(" two"), usage: small(9, 2)), chunk(closing, usage: small(9, 3)),
                chunk("", usage: small(9, 4)),
            ], ofSmall(9, 4)),
        streamed(
            "streamed chat whose usage stands before its choices",
            [
                "{\(head),\"usage\":null,\"choices\":[\(said("Hi"))]}",
                "{\(head),\"usage\":null,\"choices\":[\(closing)]}",
                "{\(head),\"usage\":\(small(5, 1)),\"choices\":[]}",
            ], ofSmall(5, 1)),
        streamed(
            "streamed chat whose usage is explicitly zero",
            [chunk(said("Hi")), chunk(closing), chunk("", usage: small(0, 0))], ofSmall(0, 0)),
        streamed(
            "streamed chat that calls a tool",
            [
                chunk(
                    delta(
                        #""role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_h","type":"function","function":{"name":"f","arguments":""}}]"#
                    )),
                chunk(delta(#""tool_calls":[{"index":0,"function":{"arguments":"{\"usa"}}]"#)),
                chunk(
                    delta(
                        #""tool_calls":[{"index":0,"function":{"arguments":"ge\":{\"prompt_tokens\":7}}"}}]"#
                    )), chunk(delta("", finish: #""tool_calls""#)), chunk("", usage: small(66, 14)),
            ], ofSmall(66, 14), finish: "tool_calls"),
        streamed(
            "streamed chat that refuses",
            [
                chunk(delta(#""role":"assistant","content":null,"refusal":"I can't"# + "\"")),
                chunk(delta(#""refusal":" help with that.""#)), chunk(closing),
                chunk("", usage: small(81, 10)),
            ], ofSmall(81, 10)),
        streamed(
            "streamed chat with two choices",
            [
                chunk(#"{"index":0,"delta":{"content":"A"},"finish_reason":null}"#),
                chunk(#"{"index":1,"delta":{"content":"B"},"finish_reason":null}"#),
                chunk(#"{"index":1,"delta":{},"finish_reason":"length"}"#),
                chunk(#"{"index":0,"delta":{},"finish_reason":"stop"}"#),
                chunk("", usage: small(5, 2)),
            ], ofSmall(5, 2)),
        streamed(
            "streamed chat with obfuscation",
            [
                String(chunk(said("Hi")).dropLast()) + #","obfuscation":"t69T8l0sreC"}"#,
                chunk(closing), chunk("", usage: usage),
            ], counted),
        streamed(
            "streamed chat that ends in an error",
            [
                chunk(opening), chunk(said("Hi")),
                #"{"error":{"message":"The server had an error","type":"server_error","usage":{"prompt_tokens":1}}}"#,
            ], nil, finish: ""),
        .stream(
            "streamed chat with Azure's first chunk",
            [
                #"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}"#,
                #"{"choices":[{"content_filter_results":{},"delta":{"content":"Hi"},"finish_reason":null,"index":0,"logprobs":null}],"created":1,"id":"c","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk","obfuscation":"LP"}"#,
                #"{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"created":1,"id":"c","model":"gpt-4.1-mini-2025-04-14","object":"chat.completion.chunk"}"#,
                #"{"choices":[],"created":1,"id":"c","model":"gpt-4.1-mini-2025-04-14","usage":\#(usage)}"#,
                "[DONE]",
            ], counted, model: "gpt-4.1-mini-2025-04-14", finish: "stop"),
        .stream(
            "streamed text completion",
            [
                #"{"id":"cmpl-7","object":"text_completion","created":1,"choices":[{"text":"One","index":0,"logprobs":null,"finish_reason":null}],"model":"gpt-3.5-turbo-instruct","usage":null}"#,
                #"{"id":"cmpl-7","object":"text_completion","created":1,"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"model":"gpt-3.5-turbo-instruct","usage":null}"#,
                #"{"id":"cmpl-7","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4},"choices":[]}"#,
                "[DONE]",
            ], ofSmall(3, 1), model: "gpt-3.5-turbo-instruct", finish: "stop"),
    ]
}
