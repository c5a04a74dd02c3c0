import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Writes facts as later plugins will.
private struct FactWriter: RequestPhase {
    struct Configuration: PluginConfiguration {
        init() {}
    }

    static let name = "fact-writer"

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.identity] = "team-blue"
        exchange[Facts.model] = "gpt-\"4\""
        exchange[Facts.usage] = TokenUsage(input: 10, output: 0, total: 10, isEstimated: true)
        exchange[Facts.cost] = Cost(Money(picodollars: 420_000_000), source: .provider)
        exchange[Facts.finishReason] = "stop"
        return .proceed
    }
}

/// Refuses everything.
private struct Refuser: RequestPhase {
    struct Configuration: PluginConfiguration {
        init() {}
    }

    static let name = "refuser"

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision { .refuse(429, reason: "over_limit") }
}

@Suite("An activity record")
struct ActivityRecordTests {
    private func line(
        _ result: TestResult, headers: [HeaderName] = []
    ) -> String {
        let buffer = JSONBuffer(capacity: 1)
        ActivityRecord(headers: headers).write(result.exchange, to: buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("has every key in the documented order, null where there is nothing")
    func plain() async throws {
        let proxy = TestProxy()
        proxy.upstream = UpstreamAnswer(200, body: "hello", delay: .microseconds(12_345))
        let result = try await proxy.send(
            "POST", "/v1/models?key=secret", body: "{}", peer: "2001:db8::1")
        result.exchange.requestID = "id-1"
        #expect(
            line(result) == """
                {"time":"2026-01-01T00:00:00.000000Z","request_id":"id-1","route":"test",\
                "client":"2001:db8::1","peer":"2001:db8::1","identity":null,"method":"POST",\
                "path":"/v1/models","status":200,"upstream":"test","attempts":1,\
                "duration_ms":12.345,"upstream_ms":12.345,"ttfb_ms":12.345,"bytes_in":2,\
                "bytes_out":5,"stream":false,"aborted":null,"model":null,"usage":null,\
                "cost_usd":null,"cost_source":null,"finish_reason":null,"decisions":[],"error":null}

                """)
    }

    @Test("has what plugins learned")
    func facts() async throws {
        let proxy = TestProxy()
        try proxy.add(FactWriter.self)
        try proxy.add(Refuser.self, label: "trial", mode: .observe)
        proxy.upstream = UpstreamAnswer(headers: [
            "content-type": "text/event-stream; charset=utf-8"
        ])
        let result = try await proxy.send(peer: "unix")
        let line = line(result)
        #expect(
            line.contains(
                #""model":"gpt-\"4\"","usage":{"input":10,"output":0,"cached":null,"cache_write":null,"long_cache_write":null,"reasoning":null,"total":10,"estimated":true},"cost_usd":"0.00042","cost_source":"provider","finish_reason":"stop","decisions":[{"plugin":"trial","decision":"observed","reason":"over_limit"}]"#
            ))
        let object = try object(line)
        #expect(object["identity"] as? String == "team-blue")
        #expect(object["stream"] as? Bool == true)
        #expect(object["client"] is NSNull)
        #expect(object["peer"] as? String == "unix")
    }

    @Test(
        "a stream is an answer of events, whatever the case of its type",
        arguments: [
            ("text/event-stream", true), ("Text/Event-Stream;charset=utf-8", true),
            ("text/event-streams", false), ("application/json", false), ("text/event", false),
        ])
    func stream(type: String, isStream: Bool) async throws {
        let proxy = TestProxy()
        proxy.upstream = UpstreamAnswer(headers: ["content-type": type])
        let result = try await proxy.send()
        #expect(try object(line(result))["stream"] as? Bool == isStream)
    }

    @Test("tells of refusals, broken answers and clients that left")
    func ends() async throws {
        let refusing = TestProxy()
        try refusing.add(Refuser.self)
        let refused = try await refusing.send()
        let refusal = try object(line(refused))
        #expect(refusal["status"] as? Int == 429)
        #expect(refusal["attempts"] as? Int == 0)
        #expect(refusal["upstream_ms"] is NSNull)
        #expect((refusal["decisions"] as? [[String: String]])?.first?["decision"] == "refuse")

        let proxy = TestProxy()
        proxy.upstream = UpstreamAnswer(body: ["a"], ending: .upstreamBreaks)
        let broken = try await proxy.send()
        #expect(try object(line(broken))["aborted"] as? String == "upstream")
        #expect(try object(line(broken))["error"] as? String == "the upstream broke off")
        proxy.upstream = UpstreamAnswer(body: ["a"], ending: .clientLeaves)
        let left = try await proxy.send()
        #expect(try object(line(left))["aborted"] as? String == "client")
    }

    @Test("holds no query, field or body unless asked")
    func noSecrets() async throws {
        let result = try await TestProxy().send(
            "POST", "/p?key=query-secret",
            headers: ["authorization": "Bearer header-secret", "user-agent": "agent"],
            body: "body-secret")
        let line = line(result)
        for word in ["secret", "agent", "headers"] { #expect(!line.contains(word)) }
    }

    @Test("holds the fields asked for, and of secret ones only that they were there")
    func fields() async throws {
        let result = try await TestProxy().send(headers: [
            "User-Agent": "a\"gent\u{7}", "authorization": "Bearer s3cret", "Cookie": "s3cret",
            "X-API-Key": "s3cret", "x-goog-api-key": "s3cret", "x-csrf-token": "s3cret",
            "accept": "text/html", "Accept": "*/*",
        ])
        let line = line(
            result,
            headers: [
                "User-Agent", "Authorization", "cookie", "x-api-key", "x-goog-api-key",
                "x-csrf-token", "accept", "referer",
            ])
        #expect(!line.contains("s3cret"))
        let expected = """
            "headers":{"user-agent":"a\\"gent ","authorization":"[redacted]",\
            "cookie":"[redacted]","x-api-key":"[redacted]","x-goog-api-key":"[redacted]",\
            "x-csrf-token":"[redacted]","accept":"text/html, */*","referer":null}}

            """
        #expect(line.hasSuffix(expected), "\(line)")
    }

    @Test("is valid JSON in UTF-8, whatever bytes a client sends as its path")
    func strangeBytes() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let path = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let buffer = JSONBuffer(capacity: 1)
            path.withUnsafeBufferPointer { buffer.appendString($0) }
            let text = try #require(
                String(validating: buffer.bytes, as: UTF8.self), "invalid UTF-8 from \(path)")
            let value = try JSONSerialization.jsonObject(
                with: Data(text.utf8), options: .fragmentsAllowed)
            #expect(value as? String == String(decoding: path, as: UTF8.self))
        }
    }

    @Test("characters that are cut off, too long or not allowed are repaired as Swift repairs them")
    func strangeCharacters() throws {
        let pieces: [[UInt8]] =
            ["a", "é", "€", "🙂", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{10FFFF}", "\"\n"].map {
                Array($0.utf8)
            } + [
                [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
                [0xED, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
                [0xF5, 0x80], [0xFF],
            ]
        var random = SplitMix64(seed: 5)
        for _ in 0..<5000 {
            let text = (0..<8).flatMap { _ in
                let piece = pieces.randomElement(using: &random)!
                return piece.prefix(Int.random(in: 1...4, using: &random))
            }
            let buffer = JSONBuffer(capacity: 1)
            text.withUnsafeBufferPointer { buffer.appendString($0) }
            let value = try JSONSerialization.jsonObject(
                with: Data(buffer.bytes), options: .fragmentsAllowed)
            #expect(value as? String == String(decoding: text, as: UTF8.self), "\(text)")
        }
    }

    @Test(
        "numbers are written exactly",
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (-5, "-5"), (.max, "9223372036854775807"),
            (.min, "-9223372036854775808"),
        ] as [(Int, String)])
    func numbers(number: Int, text: String) {
        let buffer = JSONBuffer(capacity: 1)
        buffer.appendNumber(number)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == text)
    }

    @Test(
        "durations have three decimals",
        arguments: [
            (Duration.zero, "0.000"), (.nanoseconds(999), "0.000"), (.microseconds(1), "0.001"),
            (.microseconds(999_999), "999.999"), (.seconds(86_400), "86400000.000"),
            (.microseconds(-5), "0.000"), (.microseconds(10_050), "10.050"),
        ])
    func durations(duration: Duration, text: String) {
        let buffer = JSONBuffer(capacity: 1)
        buffer.appendMilliseconds(duration)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == text)
    }
}
