/// Where providers' answers say what is looked for: OpenAI's chat completions, responses and embeddings,
/// Anthropic's messages, and those that speak as they do; plain, and as events of a stream.
enum AnswerPaths {
    private typealias Shape = JSONShape<AnswerField>

    static let all = JSONPaths<AnswerField>(
        .object(
            [
                "model": .kept(.model),
                "usage": usage(.usage),
                "service_tier": .kept(.serviceTier),
                // Chat completions, and the older ones.
                "choices": .list(
                    .object(
                        [
                            "finish_reason": .kept(.finishReason),
                            "message": message,
                            "delta": message,
                            "text": .counted,
                            // Moonshot's.
                            "usage": usage(.innerUsage),
                        ], as: .choice), as: .choices),
                // Groq's.
                "x_groq": .object(["usage": usage(.innerUsage)]),
                // OpenAI's responses: the answer, events of its text, and those that hold all of it.
                "status": .kept(.status),
                "incomplete_details": .object(["reason": .kept(.incompleteReason)]),
                "output": .list(
                    .object([
                        "content": parts, "summary": parts, "arguments": .counted,
                    ])),
                "response": .object([
                    "model": .kept(.model),
                    "usage": usage(.innerUsage),
                    "service_tier": .kept(.serviceTier),
                    "status": .kept(.status),
                    "incomplete_details": .object(["reason": .kept(.incompleteReason)]),
                ]),
                // Anthropic's messages: the answer, its first event, those of its text, its last.
                "content": parts,
                "stop_reason": .kept(.finishReason),
                "message": .object([
                    "model": .kept(.model),
                    "usage": usage(.usageAtStart),
                ]),
                "delta": .counted.or(
                    .object([
                        "text": .counted, "thinking": .counted, "partial_json": .counted,
                        "stop_reason": .kept(.finishReason),
                    ])),
            ], as: .document))

    /// A message of a chat, or what is added to one.
    private static var message: Shape {
        .object([
            "content": .counted.or(parts),
            // The same text, by the one name or the other; some providers send both.
            "reasoning_content": .counted(as: .reasoningText),
            "reasoning": .counted(as: .reasoningText),
            "refusal": .counted,
            "tool_calls": .list(.object(["function": function])),
            "function_call": function,
        ])
    }

    private static var function: Shape { .object(["arguments": .counted]) }

    private static var parts: Shape {
        .list(.object(["text": .counted, "thinking": .counted, "refusal": .counted]))
    }

    private static func usage(_ field: AnswerField) -> Shape {
        let inputDetails = Shape.object(
            [
                "cached_tokens": .kept(.cachedTokens),
                "cache_write_tokens": .kept(.cacheWriteTokens),
            ],
            as: .inputDetails)
        let outputDetails = Shape.object(
            ["reasoning_tokens": .kept(.reasoningTokens)], as: .outputDetails)
        return .object(
            [
                "prompt_tokens": .kept(.promptTokens),
                "completion_tokens": .kept(.completionTokens),
                "input_tokens": .kept(.inputTokens),
                "output_tokens": .kept(.outputTokens),
                "total_tokens": .kept(.totalTokens),
                "prompt_tokens_details": inputDetails,
                "input_tokens_details": inputDetails,
                "completion_tokens_details": outputDetails,
                "output_tokens_details": outputDetails,
                "cache_read_input_tokens": .kept(.cacheReadInput),
                "cache_creation_input_tokens": .kept(.cacheCreationInput),
                "cache_creation": .object(
                    [
                        "ephemeral_5m_input_tokens": .kept(.shortCacheCreation),
                        "ephemeral_1h_input_tokens": .kept(.longCacheCreation),
                    ], as: .cacheCreation),
                "prompt_cache_hit_tokens": .kept(.cacheHitTokens),
                "cached_tokens": .kept(.plainCachedTokens),
                "service_tier": .kept(.serviceTier),
                // A number with OpenRouter, an object with Perplexity.
                "cost": .kept(.cost).or(.object(["total_cost": .kept(.cost)])),
            ], as: field)
    }
}
