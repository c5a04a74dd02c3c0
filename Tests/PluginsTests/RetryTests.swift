import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("retry")
struct RetryTests {
    private func policy(
        _ method: String, _ config: String = "{}", headers: KeyValuePairs<String, String> = [:]
    ) async throws -> RetryPolicy? {
        let proxy = TestProxy()
        try proxy.add(Retry.self, config)
        return try await proxy.send(method, headers: headers).exchange.retry
    }

    @Test("an idempotent request is sent again after breaks and the statuses given")
    func idempotent() async throws {
        let policy = try await policy(
            "GET", #"{ "attempts": 4, "statuses": [500], "onTimeout": true, "delay": "1s" }"#)
        #expect(policy?.attempts == 4)
        #expect(policy?.statuses == [500])
        #expect(policy?.onBreak == true)
        #expect(policy?.onTimeout == true)
        #expect(policy?.delay == .seconds(1))
    }

    @Test(
        "another only where it may be, or was never processed",
        arguments: [
            ("never", true, false), ("whenKeyed", false, false), ("whenKeyed", true, true),
            ("always", false, true),
        ])
    func nonIdempotent(setting: String, isKeyed: Bool, repeats: Bool) async throws {
        let policy = try await policy(
            "POST", #"{ "nonIdempotent": "\#(setting)" }"#,
            headers: isKeyed ? ["Idempotency-Key": "a"] : [:])
        #expect(policy?.attempts == 3)
        #expect(policy?.onBreak == repeats)
        #expect(policy?.statuses == (repeats ? [502, 503, 504] : []))
    }

    @Test(
        "settings that make no sense are errors",
        arguments: [
            (
                #"{ "statuses": [200] }"#,
                "statuses[0]: expected a status from 400 to 599, found 200"
            ),
            (#"{ "delay": "20s", "maximumDelay": "1s" }"#, "longer than \"maximumDelay\""),
            (#"{ "attempts": 1 }"#, "attempts"),
        ])
    func broken(config: String, message: String) {
        #expect {
            try TestProxy().add(Retry.self, config)
        } throws: { "\($0)".contains(message) }
    }
}
