import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("Bodies in activity records")
struct RecordedBodiesTests {
    private let folder: TemporaryFolder
    private let proxy: TestProxy

    init() throws {
        folder = try TemporaryFolder()
        proxy = TestProxy(folder: folder.path)
    }

    /// The records of what is sent, as text.
    private func records(
        _ bodies: String, others: String = "", _ send: (TestProxy) async throws -> Void
    ) async throws -> [String] {
        let logger = try proxy.add(
            ActivityLogger.self, #"{ "file": "activity.jsonl", "bodies": \#(bodies)\#(others) }"#)
        try logger.start()
        try await send(proxy)
        logger.stop()
        return try folder.read("activity.jsonl").split(separator: "\n").map(String.init)
    }

    private func object(_ record: String?) throws -> [String: Any] {
        let data = Data(try #require(record).utf8)
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("both are there when both are asked for, as the last of the record's keys")
    func both() async throws {
        let records = try await records(
            #"{ "request": true, "response": true }"#, others: #", "headers": ["user-agent"]"#
        ) {
            $0.upstream = UpstreamAnswer(body: ["one ", "\"two\""], endsAlone: true)
            _ = try await $0.send("POST", "/", body: ["a\n", "b"])
        }
        #expect(
            records.first?.hasSuffix(
                #""headers":{"user-agent":null},"request_body":"a\nb","request_body_truncated":false,"response_body":"one \"two\"","response_body_truncated":false}"#
            ) == true)
    }

    @Test("only what is asked for is there, and a phase that is not needed is not taken part in")
    func one() async throws {
        let logger = try proxy.add(
            ActivityLogger.self, #"{ "file": "a", "bodies": { "response": true } }"#)
        #expect(!logger.takesPart(in: .requestBody))
        #expect(logger.takesPart(in: .responseBody))
        let plain = try proxy.add(ActivityLogger.self, #"{ "file": "b" }"#, label: "plain")
        #expect(!plain.takesPart(in: .requestBody))
        #expect(!plain.takesPart(in: .responseBody))
        #expect(plain.takesPart(in: .completed))
    }

    @Test("a body longer than the limit is cut, between characters, and the record says so")
    func limit() async throws {
        let records = try await records(#"{ "request": true, "response": true, "limit": 10 }"#) {
            $0.upstream = UpstreamAnswer(body: ["12345", "67890"])
            _ = try await $0.send("POST", "/", body: ["12345678", "9é!"])
            $0.upstream = UpstreamAnswer(body: ["123456789", "0", "1"])
            _ = try await $0.send("POST", "/", body: ["1234567🙂"])
        }
        let first = try object(records.first)
        #expect(first["request_body"] as? String == "123456789")
        #expect(first["request_body_truncated"] as? Bool == true)
        #expect(first["response_body"] as? String == "1234567890")
        #expect(first["response_body_truncated"] as? Bool == false)
        let second = try object(records.last)
        #expect(second["request_body"] as? String == "1234567")
        #expect(second["response_body"] as? String == "1234567890")
        #expect(second["response_body_truncated"] as? Bool == true)
    }

    @Test("nothing of one exchange is in the record of the next")
    func reuse() async throws {
        let records = try await records(#"{ "request": true, "response": true, "limit": 8 }"#) {
            $0.upstream = UpstreamAnswer(body: "much too long")
            _ = try await $0.send("POST", "/", body: "first")
            $0.upstream = UpstreamAnswer(204)
            _ = try await $0.send("GET", "/")
            $0.upstream = UpstreamAnswer(body: "b")
            _ = try await $0.send("POST", "/", body: "a")
        }
        #expect(
            records[1].hasSuffix(
                #""request_body":null,"request_body_truncated":false,"response_body":null,"response_body_truncated":false}"#
            ))
        #expect(
            records[2].hasSuffix(
                #""request_body":"a","request_body_truncated":false,"response_body":"b","response_body_truncated":false}"#
            ))
    }

    @Test("an answer that is broken off is there as far as it came, and counts as truncated")
    func broken() async throws {
        let records = try await records(#"{ "response": true }"#) {
            $0.upstream = UpstreamAnswer(body: ["half"], ending: .upstreamBreaks)
            _ = try await $0.send()
        }
        let record = try object(records.first)
        #expect(record["response_body"] as? String == "half")
        #expect(record["response_body_truncated"] as? Bool == true)
        #expect(record["request_body"] == nil)
    }

    @Test("what is compressed is left out")
    func compressed() async throws {
        let records = try await records(#"{ "request": true, "response": true }"#) {
            $0.upstream = UpstreamAnswer(headers: ["content-encoding": "GZIP"], body: "zzz")
            _ = try await $0.send(
                "POST", "/", headers: ["Content-Encoding": "Identity"], body: "text")
        }
        let record = try object(records.first)
        #expect(record["request_body"] as? String == "text")
        #expect(record["response_body"] is NSNull)
    }

    @Test("bytes that are no UTF-8 become U+FFFD")
    func bytes() async throws {
        let records = try await records(#"{ "request": true }"#) {
            _ = try await $0.send("POST", "/", body: BodyRuns([[0x61, 0xFF, 0x00, 0x62]]))
        }
        #expect(try object(records.first)["request_body"] as? String == "a\u{FFFD}\u{0}b")
    }

    @Test("secrets are not shown, wherever the body is cut into runs")
    func secrets() async throws {
        let body = #"{"model":"m","api_key":"sk-1","messages":[{"password":"p\"w"}]}"#
        for size in 1...body.utf8.count {
            let records = try await records(#"{ "request": true }"#) {
                _ = try await $0.send("POST", "/", body: BodyRuns(body, cutEvery: size))
            }
            let record = try object(records.last)
            #expect(
                record["request_body"] as? String
                    == #"{"model":"m","api_key":"[redacted]","messages":[{"password":"[redacted]"}]}"#
            )
        }
    }

    @Test("the names of secrets can be chosen")
    func names() async throws {
        let records = try await records(#"{ "request": true, "redact": ["Content"] }"#) {
            _ = try await $0.send("POST", "/", body: #"{"content":"x","token":"y"}"#)
        }
        #expect(
            try object(records.first)["request_body"] as? String
                == #"{"content":"[redacted]","token":"y"}"#)
    }

    @Test("two loggers in one chain take each its own")
    func two() async throws {
        let second = try proxy.add(
            ActivityLogger.self,
            #"{ "file": "second.jsonl", "bodies": { "request": true, "limit": 2 } }"#,
            label: "second")
        try second.start()
        let records = try await records(#"{ "request": true }"#) {
            _ = try await $0.send("POST", "/", body: "abcd")
        }
        second.stop()
        #expect(try object(records.first)["request_body"] as? String == "abcd")
        #expect(
            try object(try folder.read("second.jsonl"))["request_body"] as? String == "ab")
    }
}
