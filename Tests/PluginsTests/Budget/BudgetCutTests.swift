import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("A stream that passes a budget")
struct BudgetCutTests {
    private static let events = (0..<6).map { "data: {\"#\":\($0)}\n\n" } + ["data: [DONE]\n\n"]

    private func stream(
        _ onOverrun: String, _ limit: String, runs: BodyRuns = BodyRuns(events),
        contentType: String = "text/event-stream; charset=utf-8", mode: TestProxy.Mode = .enforce
    ) async throws -> (TestResult, TestProxy) {
        let proxy = TestProxy()
        try proxy.add(Meter.self)
        try proxy.add(
            Budget.self, #"{ "limit": \#(limit), "per": "day", "onOverrun": "\#(onOverrun)" }"#,
            mode: mode)
        proxy.upstream = UpstreamAnswer(headers: ["content-type": contentType], body: runs)
        return (try await proxy.send(headers: ["x-identity": "alice"]), proxy)
    }

    private static let cut =
        #"data: {"error": {"message": "The budget of 2 US dollars per day is used up, and this answer has been cut.", "type": "insufficient_quota", "code": "budget_exceeded", "param": null, "request_id": "#

    @Test("runs to its end unless told, and is charged")
    func finish() async throws {
        let (result, proxy) = try await stream("finish", "2")
        #expect(result.body == Self.events.joined())
        #expect(proxy.metrics["budget_spent_usd_total"] == 6)
    }

    @Test("is cut after an event, with an error that clients understand")
    func cut() async throws {
        let (result, proxy) = try await stream("cut", "2")
        // What an event costs is known when it has passed.
        let passed = Self.events[..<3].joined()
        #expect(result.body.hasPrefix(passed + Self.cut))
        #expect(result.body.hasSuffix("\"}}\n\n"))
        #expect(!result.body.contains("[DONE]"))
        #expect(proxy.metrics["budget_cut_streams_total"] == 1)
        #expect(proxy.metrics["budget_spent_usd_total"] == 3)
    }

    @Test("is cut after an event however it comes in runs", arguments: [1, 2, 3, 5, 7, 11, 30])
    func runs(size: Int) async throws {
        let runs = BodyRuns(Self.events.joined(), cutEvery: size)
        let (result, _) = try await stream("cut", "2", runs: runs)
        let end = try #require(result.body.firstRange(of: Self.cut))
        let passed = result.body[..<end.lowerBound]
        #expect(passed.hasSuffix("\n\n"))
        #expect(Self.events.joined().hasPrefix(passed))
        #expect(passed.count < Self.events[..<5].joined().count)
    }

    @Test("a budget of tokens cuts by tokens")
    func tokens() async throws {
        let (result, _) = try await stream("cut", #""25 tokens""#)
        #expect(result.body.hasPrefix(Self.events[..<3].joined() + "data: {\"error\""))
    }

    @Test("is not cut while the budget lasts, nor where it is no stream, nor when only observed")
    func whole() async throws {
        #expect(try await stream("cut", "6").0.body == Self.events.joined())
        #expect(
            try await stream("cut", "2", contentType: "application/json").0.body
                == Self.events.joined())
        #expect(try await stream("cut", "2", mode: .observe).0.body == Self.events.joined())
    }

    @Test("only where streams are cut does it look at bodies")
    func phases() throws {
        for (onOverrun, looks) in [("finish", false), ("cut", true)] {
            let budget = try TestProxy().add(
                Budget.self, #"{ "limit": 1, "per": "day", "onOverrun": "\#(onOverrun)" }"#)
            #expect(budget.takesPart(in: .responseBody) == looks)
            #expect(budget.takesPart(in: .responseHead) && budget.takesPart(in: .request))
        }
    }
}
