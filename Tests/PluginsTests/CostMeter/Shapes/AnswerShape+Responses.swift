import PluginAPI

/// OpenAI's responses, plain and streamed.
extension AnswerShape {
    private static let usage =
        #"{"input_tokens":36,"input_tokens_details":{"cached_tokens":32},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}"#
    private static let counted = TokenUsage(
        input: 36, output: 87, cached: 32, reasoning: 64, total: 123)

    private static func response(
        status: String = "completed", output: String, usage: String = usage,
        incomplete: String = "null", tier: String = "default"
    ) -> String {
        #"{"id":"resp_67","object":"response","created_at":1741476542,"status":"\#(status)","error":null,"incomplete_details":\#(incomplete),"instructions":null,"max_output_tokens":null,"model":"gpt-4.1-2025-04-14","output":[\#(output)],"parallel_tool_calls":true,"reasoning":{"effort":null,"summary":null},"service_tier":"\#(tier)","text":{"format":{"type":"text"}},"usage":\#(usage),"user":null,"metadata":{"usage":"{\"input_tokens\":1}"}}"#
    }

    private static let text =
        #"{"type":"message","id":"msg_67","status":"completed","role":"assistant","content":[{"type":"output_text","text":"In a peaceful grove","annotations":[]}]}"#

    private static func streamed(_ name: String, _ middle: [String], last: String, finish: String)
        -> AnswerShape
    {
        .stream(
            name,
            [
                #"response.created|{"type":"response.created","sequence_number":0,"response":\#(response(status: "in_progress", output: "", usage: "null", tier: "auto"))}"#,
                #"response.in_progress|{"type":"response.in_progress","sequence_number":1,"response":\#(response(status: "in_progress", output: "", usage: "null", tier: "auto"))}"#,
            ] + middle + [last], counted, model: "gpt-4.1-2025-04-14", finish: finish,
            tier: "default")
    }

    static let responses: [AnswerShape] = [
        .plain(
            "response", response(output: text), counted, model: "gpt-4.1-2025-04-14",
            finish: "completed", tier: "default"),
        .plain(
            "response that thinks and calls a function",
            response(
                output:
                    #"{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Looking."}]},{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{\"a\":1}","status":"completed"}"#
            ), counted, model: "gpt-4.1-2025-04-14", finish: "completed", tier: "default"),
        .plain(
            "response that is cut by its length",
            response(
                status: "incomplete", output: text,
                incomplete: #"{"reason":"max_output_tokens"}"#), counted,
            model: "gpt-4.1-2025-04-14", finish: "max_output_tokens", tier: "default"),
        .plain(
            "response that runs in the background",
            response(status: "queued", output: "", usage: "null"), nil, model: "gpt-4.1-2025-04-14",
            tier: "default"),
        .plain(
            "response that refuses",
            response(
                output:
                    #"{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"No."}]}"#,
                tier: "flex"), counted, model: "gpt-4.1-2025-04-14", finish: "completed",
            tier: "flex"),
        streamed(
            "streamed response",
            [
                #"response.output_item.added|{"type":"response.output_item.added","output_index":0,"item":{"id":"msg","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
                #"response.output_text.delta|{"type":"response.output_text.delta","item_id":"msg","output_index":0,"content_index":0,"delta":"In a"}"#,
                #"response.output_text.delta|{"type":"response.output_text.delta","item_id":"msg","output_index":0,"content_index":0,"delta":" peaceful grove","logprobs":[],"obfuscation":"xx"}"#,
                #"response.output_text.done|{"type":"response.output_text.done","item_id":"msg","output_index":0,"content_index":0,"text":"In a peaceful grove"}"#,
            ],
            last:
                #"response.completed|{"type":"response.completed","sequence_number":9,"response":\#(response(output: text))}"#,
            finish: "completed"),
        streamed(
            "streamed response that calls a function",
            [
                #"response.function_call_arguments.delta|{"type":"response.function_call_arguments.delta","item_id":"fc","output_index":0,"delta":"{\"loc"}"#,
                #"response.function_call_arguments.delta|{"type":"response.function_call_arguments.delta","item_id":"fc","output_index":0,"delta":"ation\":\"Paris\"}"}"#,
            ],
            last:
                #"response.completed|{"type":"response.completed","response":\#(response(output: text))}"#,
            finish: "completed"),
        streamed(
            "streamed response with a summary of its thoughts",
            [
                #"response.reasoning_summary_text.delta|{"type":"response.reasoning_summary_text.delta","item_id":"rs","output_index":0,"summary_index":0,"delta":"**Thinking**"}"#
            ],
            last:
                #"response.completed|{"type":"response.completed","response":\#(response(output: text))}"#,
            finish: "completed"),
        streamed(
            "streamed response that is cut by its length", [],
            last:
                #"response.incomplete|{"type":"response.incomplete","response":\#(response(status: "incomplete", output: text, incomplete: #"{"reason":"max_output_tokens"}"#))}"#,
            finish: "max_output_tokens"),
        .stream(
            "streamed response that fails",
            [
                #"response.failed|{"type":"response.failed","response":\#(response(status: "failed", output: "", usage: "null"))}"#
            ], nil, model: "gpt-4.1-2025-04-14", tier: "default"),
    ]
}
