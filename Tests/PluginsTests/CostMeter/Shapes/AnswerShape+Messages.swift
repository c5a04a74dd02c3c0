import PluginAPI

/// Anthropic's messages, plain and streamed.
extension AnswerShape {
    private static func message(content: String, usage: String, stop: String = "end_turn") -> String
    {
        #"{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[\#(content)],"stop_reason":"\#(stop)","stop_sequence":null,"usage":\#(usage)}"#
    }

    private static func plain(
        _ name: String, content: String = #"{"type":"text","text":"Hello!"}"#, usage: String,
        _ expect: TokenUsage, stop: String = "end_turn", tier: String = ""
    ) -> AnswerShape {
        .plain(
            name, message(content: content, usage: usage, stop: stop), expect,
            model: "claude-sonnet-4-20250514", finish: stop, tier: tier)
    }

    private static func start(_ usage: String) -> String {
        #"message_start|{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[],"stop_reason":null,"stop_sequence":null,"usage":\#(usage)}        }"#
    }

    private static func said(_ delta: String) -> String {
        #"content_block_delta|{"type":"content_block_delta","index":0,"delta":{\#(delta)}              }"#
    }

    private static func end(_ usage: String, stop: String = "end_turn") -> String {
        #"message_delta|{"type":"message_delta","delta":{"stop_reason":"\#(stop)","stop_sequence":null},"usage":\#(usage)   }"#
    }

    private static let blockStart =
        #"content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}  }"#
    private static let ping = #"ping|{"type": "ping"}"#
    private static let blockStop =
        #"content_block_stop|{"type":"content_block_stop","index":0          }"#
    private static let stop = #"message_stop|{"type":"message_stop"      }"#
    private static let hello = said(#""type":"text_delta","text":"Hello""#)

    private static func streamed(
        _ name: String, _ lines: [String], _ expect: TokenUsage, finish: String = "end_turn",
        tier: String = "", lineEnd: String = "\n"
    ) -> AnswerShape {
        .stream(
            name, lines, expect, model: "claude-sonnet-4-20250514", finish: finish, tier: tier,
            lineEnd: lineEnd)
    }

    static let messages: [AnswerShape] = [
        plain(
            "message", usage: #"{"input_tokens":17,"output_tokens":158}"#,
            TokenUsage(input: 17, output: 158, total: 175)),
        plain(
            "message with nothing in the cache",
            usage:
                #"{"input_tokens":29,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":46,"service_tier":"standard"}"#,
            TokenUsage(input: 29, output: 46, cached: 0, cacheWrite: 0, total: 75),
            tier: "standard"),
        plain(
            "message that writes to the cache",
            usage:
                #"{"input_tokens":4,"cache_creation_input_tokens":1165,"cache_read_input_tokens":0,"output_tokens":207}"#,
            TokenUsage(input: 1169, output: 207, cached: 0, cacheWrite: 1165, total: 1376)),
        plain(
            "message that reads from the cache",
            usage:
                #"{"input_tokens":4,"cache_creation_input_tokens":0,"cache_read_input_tokens":1165,"output_tokens":202}"#,
            TokenUsage(input: 1169, output: 202, cached: 1165, cacheWrite: 0, total: 1371)),
        plain(
            "message that writes to the cache for an hour",
            usage:
                #"{"input_tokens":10,"cache_creation_input_tokens":248,"cache_read_input_tokens":1800,"cache_creation":{"ephemeral_5m_input_tokens":148,"ephemeral_1h_input_tokens":100},"output_tokens":503,"service_tier":"priority"}"#,
            TokenUsage(
                input: 2058, output: 503, cached: 1800, cacheWrite: 248, longCacheWrite: 100,
                total: 2561), tier: "priority"),
        plain(
            "message that uses a tool",
            content:
                #"{"type":"text","text":"Let me look."},{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"location":"SF","usage":{"input_tokens":9}}}"#,
            usage: #"{"input_tokens":394,"output_tokens":71}"#,
            TokenUsage(input: 394, output: 71, total: 465), stop: "tool_use"),
        plain(
            "message with thoughts",
            content:
                #"{"type":"thinking","thinking":"Well…","signature":"EqoBCkgIARABGAIiQL=="},{"type":"text","text":"Yes."}"#,
            usage: #"{"input_tokens":46,"output_tokens":120}"#,
            TokenUsage(input: 46, output: 120, total: 166)),
        plain(
            "message that refuses", content: "", usage: #"{"input_tokens":20,"output_tokens":0}"#,
            TokenUsage(input: 20, output: 0, total: 20), stop: "refusal"),
        plain(
            "message of a server's tools",
            usage:
                #"{"input_tokens":105,"output_tokens":6039,"cache_read_input_tokens":7123,"cache_creation_input_tokens":7345,"server_tool_use":{"web_search_requests":1}}"#,
            TokenUsage(
                input: 14573, output: 6039, cached: 7123, cacheWrite: 7345, total: 20612)),
        .plain(
            "message that fails",
            #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, nil),
        streamed(
            "streamed message",
            [
                start(
                    #"{"input_tokens":17,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"service_tier":"standard"}"#
                ), blockStart, ping, hello, said(#""type":"text_delta","text":" world""#),
                blockStop, end(#"{"output_tokens":15}"#), stop,
            ], TokenUsage(input: 17, output: 15, cached: 0, cacheWrite: 0, total: 32),
            tier: "standard"),
        streamed(
            "streamed message with CRLF",
            [
                start(#"{"input_tokens":17,"output_tokens":1}"#), blockStart, hello, blockStop,
                end(#"{"output_tokens":15}"#), stop,
            ], TokenUsage(input: 17, output: 15, total: 32), lineEnd: "\r\n"),
        streamed(
            "streamed message with the cache",
            [
                start(
                    #"{"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":100},"output_tokens":1}"#
                ), blockStart, hello, blockStop, end(#"{"output_tokens":202}"#), stop,
            ],
            TokenUsage(
                input: 1104, output: 202, cached: 1000, cacheWrite: 100, longCacheWrite: 100,
                total: 1306)),
        streamed(
            "streamed message that counts its input at the end again",
            [
                start(
                    #"{"input_tokens":2679,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3}"#
                ), hello,
                end(
                    #"{"input_tokens":10682,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":510,"server_tool_use":{"web_search_requests":1}}"#
                ), stop,
            ], TokenUsage(input: 10682, output: 510, cached: 0, cacheWrite: 0, total: 11192)),
        streamed(
            "streamed message that uses a tool",
            [
                start(#"{"input_tokens":472,"output_tokens":2}"#),
                #"content_block_start|{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}}"#,
                said(#""type":"input_json_delta","partial_json":"{\"location\":"# + "\""),
                said(#""type":"input_json_delta","partial_json":" \"San Francisco\"}"# + "\""),
                blockStop, end(#"{"output_tokens":89}"#, stop: "tool_use"), stop,
            ], TokenUsage(input: 472, output: 89, total: 561), finish: "tool_use"),
        streamed(
            "streamed message with thoughts",
            [
                start(#"{"input_tokens":52,"output_tokens":2}"#),
                said(#""type":"thinking_delta","thinking":"Let me see""#),
                said(#""type":"signature_delta","signature":"EqoBCkgIARABGAIiQL""#), hello,
                end(#"{"output_tokens":174}"#), stop,
            ], TokenUsage(input: 52, output: 174, total: 226)),
        .stream(
            "streamed message that fails",
            [
                start(#"{"input_tokens":11,"output_tokens":1}"#),
                #"error|{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            ], TokenUsage(input: 11, output: 1, total: 12), model: "claude-sonnet-4-20250514"),
    ]
}
