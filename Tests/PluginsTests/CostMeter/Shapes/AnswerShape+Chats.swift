import PluginAPI

/// OpenAI's chat completions, plain.
extension AnswerShape {
    private static func chat(
        _ name: String, choices: String, usage: String, model: String = "gpt-4o-mini-2024-07-18",
        more: String = #""service_tier": "default""#, expect: TokenUsage?, finish: String = "stop",
        tier: String = "default"
    ) -> AnswerShape {
        .plain(
            name,
            """
            {
              "id": "chatcmpl-AKd0EzMnvqJ0VpYV8dRXvUcYJXqNz",
              "object": "chat.completion",
              "created": 1731368630,
              "model": "\(model)",
              "choices": [
                \(choices)
              ],
              "usage": \(usage)\(more.isEmpty ? "" : ",\n  " + more),
              "system_fingerprint": "fp_0ba0d124f1"
            }

            """, expect, model: model, finish: finish, tier: tier)
    }

    private static let text =
        #"{"index": 0, "message": {"role": "assistant", "content": "This is a test.", "refusal": null}, "logprobs": null, "finish_reason": "stop"}"#

    private static func counted(
        _ input: Int, _ output: Int, cached: Int? = nil, reasoning: Int? = nil
    ) -> TokenUsage {
        TokenUsage(
            input: input, output: output, cached: cached, reasoning: reasoning,
            total: input + output)
    }

    static let chats: [AnswerShape] = [
        chat(
            "chat", choices: text,
            usage: """
                {
                    "prompt_tokens": 12,
                    "completion_tokens": 5,
                    "total_tokens": 17,
                    "prompt_tokens_details": {
                      "cached_tokens": 0,
                      "audio_tokens": 0
                    },
                    "completion_tokens_details": {
                      "reasoning_tokens": 0,
                      "audio_tokens": 0,
                      "accepted_prediction_tokens": 0,
                      "rejected_prediction_tokens": 0
                    }
                  }
                """, expect: counted(12, 5, cached: 0, reasoning: 0)),
        chat(
            "chat of the older kind, without details", choices: text,
            usage: #"{"prompt_tokens": 39, "completion_tokens": 160, "total_tokens": 199}"#,
            model: "gpt-3.5-turbo-0125", more: "", expect: counted(39, 160), tier: ""),
        chat(
            "chat with cached tokens", choices: text,
            usage:
                #"{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920}}"#,
            expect: counted(2006, 300, cached: 1920)),
        chat(
            "chat of a reasoning model", choices: text,
            usage:
                #"{"prompt_tokens":26,"completion_tokens":637,"total_tokens":663,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":448}}"#,
            model: "o3-mini-2025-01-31", expect: counted(26, 637, cached: 0, reasoning: 448)),
        chat(
            "chat that calls a tool",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\",\"usage\":{\"prompt_tokens\":1}}"}}]},"logprobs":null,"finish_reason":"tool_calls"}"#,
            usage: #"{"prompt_tokens":62,"completion_tokens":17,"total_tokens":79}"#,
            expect: counted(62, 17), finish: "tool_calls"),
        chat(
            "chat that calls two tools",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"x\":[1,2]}"}}]},"finish_reason":"tool_calls"}"#,
            usage: #"{"prompt_tokens":75,"completion_tokens":51,"total_tokens":126}"#,
            expect: counted(75, 51), finish: "tool_calls"),
        chat(
            "chat with the function call of old",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},"finish_reason":"function_call"}"#,
            usage: #"{"prompt_tokens":50,"completion_tokens":9,"total_tokens":59}"#,
            model: "gpt-3.5-turbo-0613", more: "", expect: counted(50, 9), finish: "function_call",
            tier: ""),
        chat(
            "chat that refuses",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":null,"refusal":"I'm sorry, I cannot assist with that request."},"finish_reason":"stop"}"#,
            usage: #"{"prompt_tokens":81,"completion_tokens":11,"total_tokens":92}"#,
            expect: counted(81, 11)),
        chat(
            "chat whose answer is cut by its length",
            choices: text.replacing("stop", with: "length"),
            usage: #"{"prompt_tokens":8,"completion_tokens":16,"total_tokens":24}"#,
            expect: counted(8, 16), finish: "length"),
        chat(
            "chat with three choices",
            choices: [text, text, text].joined(separator: ",\n"),
            usage: #"{"prompt_tokens":12,"completion_tokens":15,"total_tokens":27}"#,
            expect: counted(12, 15)),
        chat(
            "chat with the logarithms of probabilities",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":"Hi"},"logprobs":{"content":[{"token":"Hi","logprob":-0.31,"bytes":[72,105],"top_logprobs":[{"token":"]}","logprob":-1.5,"bytes":null}]}],"refusal":null},"finish_reason":"stop"}"#,
            usage: #"{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}"#,
            expect: counted(9, 1)),
        chat(
            "chat with annotations and audio",
            choices:
                #"{"index":0,"message":{"role":"assistant","content":"See [1].","annotations":[{"type":"url_citation","url_citation":{"title":"usage","url":"https://example.org/?\"usage\":{}"}}],"audio":{"data":"AAAA","transcript":"x"}},"finish_reason":"stop"}"#,
            usage:
                #"{"prompt_tokens":33,"completion_tokens":7,"total_tokens":40,"prompt_tokens_details":{"audio_tokens":12,"cached_tokens":4},"completion_tokens_details":{"audio_tokens":3,"reasoning_tokens":0}}"#,
            expect: counted(33, 7, cached: 4, reasoning: 0)),
        chat(
            "chat in the priority tier", choices: text,
            usage: #"{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}"#,
            more: #""service_tier": "priority""#, expect: counted(10, 2), tier: "priority"),
        chat(
            "chat whose usage is explicitly zero", choices: text,
            usage: #"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#,
            expect: counted(0, 0)),
        chat(
            "chat without usage", choices: text, usage: "null", expect: nil),
        chat(
            "chat with Azure's filters",
            choices:
                #"{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"finish_reason":"stop","index":0,"logprobs":null,"message":{"content":"Hello","role":"assistant"}}"#,
            usage: #"{"completion_tokens":24,"prompt_tokens":15,"total_tokens":39}"#,
            model: "gpt-35-turbo",
            more: #""prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]"#,
            expect: counted(15, 24), tier: ""),
        .plain(
            "text completion",
            #"{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"\n\nOne, two","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":4,"completion_tokens":16,"total_tokens":20}}"#,
            counted(4, 16), model: "gpt-3.5-turbo-instruct", finish: "length"),
        .plain(
            "embeddings",
            #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[-0.006929283,-0.005336422,[1e-3],0.024]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
            TokenUsage(input: 8, total: 8), model: "text-embedding-3-small"),
        .plain(
            "embeddings as base64",
            #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"\#(String(repeating: "AbC+/", count: 400))=="}],"model":"text-embedding-ada-002-v2","usage":{"prompt_tokens":23,"total_tokens":23}}"#,
            TokenUsage(input: 23, total: 23), model: "text-embedding-ada-002-v2"),
        .plain(
            "error",
            #"{"error":{"message":"Rate limit reached: used 10 tokens, usage: {\"prompt_tokens\": 5}","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
            nil),
    ]
}
