/// Where requests say what is looked for: OpenAI's chat completions, completions, responses and embeddings,
/// Anthropic's messages, and those that are made as they are.
enum RequestPaths {
    private typealias Shape = JSONShape<RequestField>

    static let all = JSONPaths<RequestField>(
        .object(
            [
                "model": .kept(.model),
                "stream": .kept(.stream),
                "stream_options": .object(
                    ["include_usage": .kept(.includeUsage)], as: .streamOptions),
                "max_tokens": .kept(.maxTokens),
                "max_completion_tokens": .kept(.maxCompletionTokens),
                "max_output_tokens": .kept(.maxOutputTokens),
                "n": .kept(.choices),
                "service_tier": .kept(.serviceTier),
                "messages": .list(message),
                "input": .counted.or(.list(.counted(as: .element).or(message))),
                "prompt": .counted.or(.list(.counted(as: .element))),
                "system": .counted.or(parts),
                "instructions": .counted,
                "tools": .marked(.schema),
                "functions": .marked(.schema),
                "response_format": .marked(.schema),
                "text": .marked(.schema),
            ], as: .document))

    private static var message: Shape {
        .object(
            [
                "content": .counted.or(parts),
                "reasoning_content": .counted,
                "tool_calls": .list(.object(["function": .object(["arguments": .counted])])),
                "arguments": .counted,
                "output": .counted,
            ], as: .message)
    }

    private static var parts: Shape {
        .list(
            .object([
                "text": .counted,
                "thinking": .counted,
                // A tool's result, and what a tool was called with.
                "content": .counted.or(
                    .list(.object(["text": .counted, "source": .marked(.image)]))),
                "input": .marked(.schema),
                "image_url": .marked(.image),
                "source": .marked(.image),
            ]))
    }
}
