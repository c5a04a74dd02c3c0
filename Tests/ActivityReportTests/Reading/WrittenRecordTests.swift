import PluginAPI
import PluginTesting
import Testing

@testable import ActivityReport
@testable import Plugins

/// Establishes what a record can tell.
private struct FactWriter: RequestPhase {
    struct Configuration: PluginConfiguration {
        init() {}
    }

    static let name = "fact-writer"

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.identity] = "team \"blue\" \u{1F600}\u{1}"
        exchange[Facts.model] = "gpt-4o"
        exchange[Facts.usage] = TokenUsage(input: 10, output: 0, total: 10, isEstimated: true)
        exchange[Facts.cost] = Cost(Money(picodollars: 420_000_000), source: .provider)
        return .proceed
    }
}

@Suite("What activity-logger writes")
struct WrittenRecordTests {
    @Test("is read as it was")
    func roundTrip() async throws {
        let proxy = TestProxy()
        try proxy.add(FactWriter.self)
        proxy.upstream = UpstreamAnswer(200, body: "hello", delay: .microseconds(12_345))
        let result = try await proxy.send(
            "POST", "/v1/\\é?secret=1", body: "{}", peer: "2001:db8::1")
        let buffer = JSONBuffer(capacity: 1)
        Plugins.ActivityRecord(headers: ["user-agent"]).write(result.exchange, to: buffer)
        var found = 0
        let reader = ActivityRecordReader(name: "written")
        reader.read(buffer.bytes) { record in
            found += 1
            #expect(record.time == result.exchange.startedAt)
            #expect(record.text(.requestID)?.string == result.exchange.requestID)
            #expect(record.text(.route)?.string == "test")
            #expect(record.text(.client)?.string == "2001:db8::1")
            #expect(record.text(.identity)?.string == "team \"blue\" \u{1F600}\u{1}")
            #expect(record.text(.path)?.string == "/v1/\\é")
            #expect(record.text(.model)?.string == "gpt-4o")
            #expect(record.count(.status) == 200)
            #expect(record.count(.bytesOut) == 5)
            #expect(record.count(.input) == 10)
            #expect(record.count(.cached) == nil)
            #expect(record.isEstimated == true)
            #expect(record.microseconds(.duration) == 12_345)
            #expect(record.cost == Money(picodollars: 420_000_000))
            #expect(record.text(.costSource)?.string == "provider")
            #expect(record.headers.map(\.name) == ["user-agent"])
        }
        #expect(found == 1, "\(reader.skipped)")
    }
}
