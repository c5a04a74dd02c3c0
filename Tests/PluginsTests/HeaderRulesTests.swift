import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("headers")
struct HeaderRulesTests {
    private func error(_ config: String) -> String? {
        do {
            try TestProxy().add(HeaderRules.self, config)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("fields of a request are removed, then set, then added")
    func request() async throws {
        let proxy = TestProxy()
        try proxy.add(
            HeaderRules.self,
            """
            { "request": {
                "add": { "X-Tag": "c", "x-new": "1" },
                "set": { "x-team": "blue", "x-tag": "b", "Host": "api.example" },
                "remove": ["X-Debug", "x-tag"] } }
            """)
        let result = try await proxy.send(headers: [
            "host": "proxy.example", "X-Team": "red", "x-debug": "1", "x-tag": "a",
            "X-DEBUG": "2", "x-team": "green",
        ])
        let fields = result.sent?.headers.fields.map { "\($0.name): \($0.value)" }
        #expect(
            fields == [
                "host: api.example", "X-Team: blue", "x-tag: b", "X-Tag: c", "x-new: 1",
            ])
        #expect(result.headers.names == [])
    }

    @Test("fields of an answer are changed, whoever made it")
    func response() async throws {
        let proxy = TestProxy()
        try proxy.add(
            HeaderRules.self,
            #"{ "response": { "remove": ["server"], "set": { "x-frame-options": "DENY" } } }"#)
        proxy.upstream = UpstreamAnswer(headers: ["Server": "x", "x-frame-options": "ALLOW"])
        let result = try await proxy.send()
        #expect(result.headers.fields.map(\.value) == ["DENY"])
        #expect(result.sent?.headers.names == [])
        proxy.upstream = .unreachable
        #expect(try await proxy.send().headers["x-frame-options"] == "DENY")
    }

    @Test("without rules nothing changes")
    func nothing() async throws {
        let proxy = TestProxy()
        try proxy.add(HeaderRules.self)
        proxy.upstream = UpstreamAnswer(headers: ["a": "1"])
        let result = try await proxy.send(headers: ["b": "2"])
        #expect(result.sent?.headers.names == ["b"])
        #expect(result.headers.names == ["a"])
    }

    @Test("fields that the proxy answers for cannot be touched")
    func untouchable() {
        #expect(
            error(#"{ "request": { "set": { "Content-Length": "5" } } }"#)
                == #"1:43: request.set.Content-Length: "Content-Length" frames the body and is written by the proxy itself"#
        )
        #expect(
            error(#"{ "response": { "remove": ["server", "connection"] } }"#)
                == #"1:38: response.remove[1]: "connection" concerns one connection and is written by the proxy itself"#
        )
        #expect(
            error(#"{ "request": { "add": { "host": "a" } } }"#)
                == #"1:33: request.add.host: "host" may only be set: a request has exactly one"#)
        #expect(
            error(#"{ "request": { "remove": ["X-Forwarded-For"] } }"#)
                == #"1:27: request.remove[0]: "X-Forwarded-For" is written by the proxy itself, from what trusted-proxy establishes"#
        )
        for name in ["transfer-encoding", "keep-alive", "te", "trailer", "upgrade"] {
            #expect(error(#"{ "response": { "add": { "\#(name)": "x" } } }"#) != nil)
        }
        #expect(error(#"{ "response": { "set": { "host": "a", "via": "b" } } }"#) == nil)
    }

    @Test("names and values that HTTP does not allow are errors, all of them at once")
    func malformed() {
        let config = """
            { "request": { "set": { "x y": "1", "x-ok": "a\\nb" }, "remove": ["", "a:b"] },
              "response": { "add": { "é": "1" } } }
            """
        #expect(
            error(config) == """
                1:66: request.remove[0]: expected a field name such as "x-team", found ""
                1:70: request.remove[1]: expected a field name such as "x-team", found "a:b"
                """)
        #expect(
            error(config.replacing(#""remove": ["", "a:b"]"#, with: #""remove": []"#)) == """
                1:32: request.set["x y"]: expected a field name such as "x-team", found "x y"
                1:45: request.set.x-ok: expected a field value without line breaks and controls, \
                found "a\\nb"
                2:31: response.add["é"]: expected a field name such as "x-team", found "é"
                """)
    }

    @Test("a name that is set twice in different cases is an error")
    func twice() {
        #expect(
            error(#"{ "request": { "set": { "x-a": "1", "X-A": "2" } } }"#)
                == #"1:44: request.set.X-A: "x-a" is set twice; names are compared without case"#)
    }
}
