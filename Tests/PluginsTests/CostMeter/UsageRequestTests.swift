import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("Asking for usage")
struct UsageRequestTests {
    private func sent(
        _ body: String, to target: String = "/v1/chat/completions", _ settings: String = ""
    ) async throws -> String? {
        try await MeteredProxy(settings).send(body, to: target).sent?.body.text
    }

    @Test(
        "a streamed chat is asked for its usage by the fewest bytes",
        arguments: [
            (#"{"stream":true}"#, #"{"stream_options":{"include_usage":true},"stream":true}"#),
            (
                " \n{ \"stream\" : true }\n",
                " \n{\"stream_options\":{\"include_usage\":true}, \"stream\" : true }\n"
            ),
            (
                #"{"stream":true,"stream_options":null}"#,
                #"{"stream":true,"stream_options":{"include_usage":true}}"#
            ),
            (
                #"{"stream":true,"stream_options":{}}"#,
                #"{"stream":true,"stream_options":{"include_usage":true}}"#
            ),
            (
                #"{"stream":true,"stream_options":{ "include_obfuscation": false }}"#,
                #"{"stream":true,"stream_options":{"include_usage":true, "include_obfuscation": false }}"#
            ),
            (
                #"{"stream_options":{"include_usage":false},"stream":true}"#,
                #"{"stream_options":{"include_usage":true},"stream":true}"#
            ),
            (
                #"{"stream_options":{"include_usage":null},"stream":true}"#,
                #"{"stream_options":{"include_usage":true},"stream":true}"#
            ),
            (
                #"{"stream_options":{"include_usage":true},"stream_options":{},"stream":true}"#,
                #"{"stream_options":{"include_usage":true},"stream_options":{"include_usage":true},"stream":true}"#
            ),
        ])
    func asks(body: String, expected: String) async throws {
        #expect(try await sent(body) == expected)
    }

    @Test(
        "what asks itself, is not streamed, or is not right goes on as it is",
        arguments: [
            #"{"stream":true,"stream_options":{"include_usage":true}}"#, #"{"stream":false}"#, "{}",
            #"{"messages":[{"content":"\"stream\":true"}]}"#, #"{"stream":"true"}"#,
            #"{"stream":true,"stream_options":"all"}"#,
            #"{"stream":true,"stream_options":{"include_usage":1}}"#, #"[{"stream":true}]"#,
            #"{"stream":true,"stream":false}"#, #"{"extra":{"stream":true}}"#,
        ])
    func leaves(body: String) async throws {
        #expect(try await sent(body) == body)
    }

    @Test("only chats and completions know how to be asked")
    func paths() async throws {
        let body = #"{"stream":true}"#
        for path in ["/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/completions/x"] {
            #expect(try await sent(body, to: path) == body)
        }
        for path in [
            "/v1/completions", "/openai/deployments/x/chat/completions?api-version=2024-02-01",
        ] {
            #expect(try await sent(body, to: path) != body)
        }
    }

    @Test("it can be left")
    func setting() async throws {
        let body = #"{"stream":true}"#
        #expect(try await sent(body, #""askForUsage": false"#) == body)
    }

    @Test("a long body is changed nowhere else")
    func longBody() async throws {
        let text = String(repeating: #"é\n\"x\" "#, count: 50_000)
        let body =
            #"{"model":"small","messages":[{"role":"user","content":"\#(text)"}],"stream":true}"#
        #expect(
            try await sent(body)
                == #"{"stream_options":{"include_usage":true},"# + body.dropFirst())
    }
}
