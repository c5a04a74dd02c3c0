import PluginAPI

/// Providers and servers that speak as OpenAI does, with ways of their own.
extension AnswerShape {
    private static func chat(
        _ name: String, model: String, usage: String, _ expect: TokenUsage, more: String = "",
        cost: String? = nil
    ) -> AnswerShape {
        .plain(
            name,
            #"{"id":"1","object":"chat.completion","model":"\#(model)","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":\#(usage)\#(more)}"#,
            expect, model: model, finish: "stop", cost: cost)
    }

    static let others: [AnswerShape] = [
        chat(
            "DeepSeek", model: "deepseek-chat",
            usage:
                #"{"prompt_tokens":32,"completion_tokens":324,"total_tokens":356,"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":16}"#,
            TokenUsage(input: 32, output: 324, cached: 16, total: 356)),
        .stream(
            "DeepSeek's streamed thoughts",
            [
                #"{"id":"d","object":"chat.completion.chunk","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":"Hmm"},"logprobs":null,"finish_reason":null}]}"#,
                #"{"id":"d","object":"chat.completion.chunk","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":120,"total_tokens":129,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":100},"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":9}}"#,
                "[DONE]",
            ], TokenUsage(input: 9, output: 120, cached: 0, reasoning: 100, total: 129),
            model: "deepseek-reasoner", finish: "stop"),
        chat(
            "OpenRouter with its cost", model: "openai/gpt-4o",
            usage:
                #"{"prompt_tokens":194,"completion_tokens":2,"total_tokens":196,"cost":0.00014775,"is_byok":false,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":100},"cost_details":{"upstream_inference_cost":0.1},"completion_tokens_details":{"reasoning_tokens":0}}"#,
            TokenUsage(
                input: 194, output: 2, cached: 0, cacheWrite: 100, reasoning: 0, total: 196),
            cost: "0.00014775"),
        .stream(
            "OpenRouter's stream, with comments and its cost at the end",
            [
                #"{"id":"gen-1","model":"anthropic\/claude-3.5-sonnet","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi","reasoning":null},"finish_reason":null}]}"#,
                #"{"id":"gen-1","model":"anthropic\/claude-3.5-sonnet","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"cost":9e-05}}"#,
                "[DONE]",
            ], TokenUsage(input: 10, output: 4, total: 14), model: "anthropic/claude-3.5-sonnet",
            finish: "stop", cost: "0.00009"
        ).with(body: { ": OPENROUTER PROCESSING\n\n" + $0 }),
        chat(
            "Perplexity with its cost", model: "sonar",
            usage:
                #"{"prompt_tokens":8,"completion_tokens":439,"total_tokens":447,"search_context_size":"low","cost":{"input_tokens_cost":8e-06,"output_tokens_cost":0.000439,"request_cost":0.005,"total_cost":0.005447}}"#,
            TokenUsage(input: 8, output: 439, total: 447), cost: "0.005447"),
        chat(
            "xAI, whose output is without the reasoning", model: "grok-3-mini",
            usage:
                #"{"prompt_tokens":12,"completion_tokens":9,"total_tokens":231,"prompt_tokens_details":{"text_tokens":12,"audio_tokens":0,"image_tokens":0,"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":210,"audio_tokens":0},"num_sources_used":0}"#,
            TokenUsage(input: 12, output: 219, cached: 2, reasoning: 210, total: 231)),
        .stream(
            "Groq, which says it in a place of its own",
            [
                #"{"id":"c","model":"llama-3.3-70b-versatile","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"x_groq":{"id":"req_1"}}"#,
                #"{"id":"c","model":"llama-3.3-70b-versatile","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.04,"prompt_tokens":45,"prompt_time":0.002,"completion_tokens":2,"completion_time":0.01,"total_tokens":47,"total_time":0.012}}}"#,
                "[DONE]",
            ], TokenUsage(input: 45, output: 2, total: 47), model: "llama-3.3-70b-versatile",
            finish: "stop"),
        .stream(
            "Moonshot, which says it in the choice",
            [
                #"{"id":"c","model":"kimi-k2","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
                #"{"id":"c","model":"kimi-k2","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":19,"completion_tokens":3,"total_tokens":22,"cached_tokens":17}}]}"#,
                "[DONE]",
            ], TokenUsage(input: 19, output: 3, cached: 17, total: 22), model: "kimi-k2",
            finish: "stop"),
        .stream(
            "vLLM, with both names of the thoughts and usage so far",
            [
                #"{"id":"c","model":"qwen3","choices":[{"index":0,"delta":{"reasoning":"Hm","reasoning_content":"Hm"},"finish_reason":null}],"usage":{"prompt_tokens":43,"total_tokens":44,"completion_tokens":1}}"#,
                #"{"id":"c","model":"qwen3","choices":[{"index":0,"delta":{"content":"Yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":43,"total_tokens":45,"completion_tokens":2}}"#,
                #"{"id":"c","model":"qwen3","choices":[],"usage":{"prompt_tokens":43,"total_tokens":75,"completion_tokens":32}}"#,
                "[DONE]",
            ], TokenUsage(input: 43, output: 32, total: 75), model: "qwen3", finish: "stop"),
        chat(
            "Mistral with parts of a content", model: "magistral-small",
            usage: #"{"prompt_tokens":10,"total_tokens":50,"completion_tokens":40}"#,
            TokenUsage(input: 10, output: 40, total: 50)
        ).with(body: {
            $0.replacing(
                #""content":"Hello""#,
                with:
                    #""content":[{"type":"thinking","thinking":[{"type":"text","text":"x"}]},{"type":"text","text":"Hello"}]"#
            )
        }),
        chat(
            "numbers as some languages write them", model: "m",
            usage: #"{"prompt_tokens":12.0,"completion_tokens":1.5e1,"total_tokens":27.0}"#,
            TokenUsage(input: 12, output: 15, total: 27)),
        .plain(
            "transcription",
            #"{"text":"Imagine","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":101,"total_tokens":115}}"#,
            TokenUsage(input: 14, output: 101, total: 115)),
    ]

    private func with(body change: (String) -> String) -> AnswerShape {
        AnswerShape(
            name: name, isStream: isStream, body: change(body), usage: usage, model: model,
            finishReason: finishReason, serviceTier: serviceTier, cost: cost)
    }
}
