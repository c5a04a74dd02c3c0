import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("request-id")
struct RequestIdentifierTests {
    private func proxy(_ config: String = "{}") throws -> TestProxy {
        let proxy = TestProxy()
        try proxy.add(TrustedProxy.self, #"{ "trusted": ["loopback"] }"#)
        try proxy.add(RequestIdentifier.self, config)
        return proxy
    }

    /// Version 7, variant 10, and the time of the request in the first 48 bits (RFC 9562 §5.7).
    private func isUUIDv7(_ text: String?) -> Bool {
        text?.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
            != nil
    }

    @Test("a request gets an identifier, which goes upstream, back, and into the records")
    func makes() async throws {
        let result = try await proxy().send()
        let identifier = result.sent?.headers["x-request-id"]
        #expect(isUUIDv7(identifier))
        #expect(result.headers["x-request-id"] == identifier)
        #expect(result.exchange.requestID == identifier)
    }

    @Test("two requests never have the same identifier")
    func differs() async throws {
        let proxy = try proxy()
        let first = try await proxy.send().headers["x-request-id"]
        let second = try await proxy.send().headers["x-request-id"]
        #expect(first != second)
    }

    @Test(
        "a well-formed identifier from a trusted peer is kept",
        arguments: [
            "a", "0197b7a4-5c3e-7d1f-8a2b-3c4d5e6f7081", "Root=1-67891233-abcdef012345678912345678",
            "req_011CQ", "a+b/c==", "span:1@host~2.x", String(repeating: "x", count: 128),
        ])
    func keeps(identifier: String) async throws {
        let result = try await proxy().send(
            headers: ["X-Request-ID": identifier], peer: "127.0.0.1")
        #expect(result.sent?.headers.values(of: "x-request-id") == [identifier])
        #expect(result.headers["x-request-id"] == identifier)
        #expect(result.exchange.requestID == identifier)
    }

    @Test(
        "what is not well-formed is replaced, also from a trusted peer",
        arguments: [
            "", "two words", "semi;colon", "comma,", "quote\"", "back\\slash", "ümlaut", "<b>",
            String(repeating: "x", count: 129),
        ])
    func replaces(identifier: String) async throws {
        let result = try await proxy().send(
            headers: ["x-request-id": identifier], peer: "127.0.0.1")
        #expect(isUUIDv7(result.sent?.headers["x-request-id"]))
        #expect(result.sent?.headers.values(of: "x-request-id").count == 1)
    }

    @Test("an identifier from an untrusted peer is replaced")
    func untrusted() async throws {
        let result = try await proxy().send(headers: ["x-request-id": "mine"])
        #expect(isUUIDv7(result.sent?.headers["x-request-id"]))
        #expect(result.sent?.headers.values(of: "x-request-id").count == 1)
    }

    @Test("an identifier that the upstream gives under the same name is replaced by ours")
    func upstreams() async throws {
        let proxy = try proxy()
        proxy.upstream = UpstreamAnswer(headers: ["X-Request-Id": "theirs", "x-request-id": "b"])
        let result = try await proxy.send()
        #expect(result.headers.values(of: "x-request-id") == [result.exchange.requestID])
    }

    @Test("an answer that the proxy makes itself carries the identifier")
    func refusal() async throws {
        let proxy = try proxy()
        proxy.upstream = .unreachable
        let result = try await proxy.send()
        #expect(result.status == 502)
        #expect(result.headers["x-request-id"] == result.exchange.requestID)
        #expect(result.body.contains(result.exchange.requestID))
    }

    @Test("the field can be another one")
    func otherField() async throws {
        let result = try await proxy(#"{ "header": "X-Correlation-Id" }"#).send(
            headers: ["x-correlation-id": "abc"], peer: "127.0.0.1")
        #expect(result.sent?.headers["x-correlation-id"] == "abc")
        #expect(result.headers["x-correlation-id"] == "abc")
        #expect(result.headers["x-request-id"] == nil)
    }
}
