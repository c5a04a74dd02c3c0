import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("velocity-guard")
struct VelocityGuardTests {
    private let proxy = TestProxy()

    /// Ten requests are enough, a quarter of them starts it, and it may last a minute.
    private func add(
        _ more: String = "", cooldown: String = "60s", mode: TestProxy.Mode = .enforce
    ) throws -> VelocityGuard {
        let quick = #""minimumRequests": 10, "window": "12s", "cooldown": "\#(cooldown)""#
        return try proxy.add(
            VelocityGuard.self, "{ \(quick)\(more.isEmpty ? "" : ", " + more) }", mode: mode)
    }

    private func send(_ count: Int, _ status: Int = 200) async throws {
        proxy.upstream = status == 502 ? .unreachable : UpstreamAnswer(status)
        for _ in 0..<count { _ = try await proxy.send() }
    }

    /// What the limits of the next request would be multiplied by.
    private func multiplier() async throws -> Double? {
        proxy.upstream = UpstreamAnswer(200)
        return try await proxy.send()[Facts.limitMultiplier]
    }

    /// Lets time pass as it does, with a hand-over every so often.
    private func pass(seconds: Int) {
        for _ in 0..<seconds * 2 {
            proxy.time.advance(by: .milliseconds(500))
            proxy.runPeriodic()
        }
    }

    private var isOn: Bool { proxy.metrics["velocity_active"] == 1 }

    // MARK: The start

    @Test("it starts at the threshold, and limits are halved")
    func starts() async throws {
        _ = try add()
        try await send(6)
        try await send(2, 503)
        #expect(try await multiplier() == nil)
        pass(seconds: 1)
        #expect(!isOn)
        try await send(1, 500)
        pass(seconds: 1)
        #expect(isOn)
        #expect(try await multiplier() == 0.5)
    }

    @Test("one that is only observed starts and tells of it, and leaves limits alone")
    func observed() async throws {
        _ = try add(mode: .observe)
        try await send(10, 500)
        pass(seconds: 1)
        #expect(isOn)
        #expect(try await multiplier() == nil)
    }

    @Test("just under the threshold it does not start")
    func underThreshold() async throws {
        _ = try add(#""threshold": 0.3"#)
        try await send(71)
        try await send(29, 500)
        pass(seconds: 1)
        #expect(!isOn)
        try await send(1, 500)
        pass(seconds: 1)
        #expect(!isOn, "30 of 101")
        try await send(1, 500)
        pass(seconds: 1)
        #expect(isOn, "31 of 102")
    }

    @Test("with fewer requests than the minimum it does not start, however many fail")
    func underMinimum() async throws {
        _ = try add()
        try await send(9, 500)
        pass(seconds: 1)
        #expect(!isOn)
        try await send(1, 500)
        pass(seconds: 1)
        #expect(isOn)
    }

    @Test("failures older than the window do not count")
    func slides() async throws {
        _ = try add()
        try await send(9, 500)
        pass(seconds: 13)
        try await send(9, 500)
        pass(seconds: 1)
        #expect(!isOn)
        #expect(try await multiplier() == nil)
    }

    @Test("the window slides: what straddles any fixed boundary counts together", arguments: 0..<12)
    func straddles(seconds: Int) async throws {
        _ = try add()
        pass(seconds: seconds)
        try await send(5, 500)
        pass(seconds: 6)
        try await send(5, 500)
        pass(seconds: 1)
        #expect(isOn)
    }

    @Test(
        "answers below 500 never start it, whatever their share",
        arguments: [200, 301, 400, 401, 404, 429])
    func clientErrors(status: Int) async throws {
        _ = try add()
        try await send(200, status)
        pass(seconds: 1)
        #expect(!isOn)
        #expect(proxy.metrics["velocity_requests_total"] == 200)
    }

    @Test(
        "a refusal by a plugin never counts, whatever its status", arguments: [429, 500, 502, 503])
    func refusals(status: Int) async throws {
        _ = try add()
        try proxy.add(Refuser.self, #"{ "status": \#(status) }"#)
        try await send(200)
        pass(seconds: 1)
        #expect(!isOn)
        #expect(proxy.metrics["velocity_requests_total"] == 0)
    }

    @Test("refusals do not thin out the failures of what got through")
    func refusalsDoNotDilute() async throws {
        _ = try add()
        try await send(10, 500)
        try proxy.add(Refuser.self, #"{ "status": 429 }"#)
        try await send(200)
        pass(seconds: 1)
        #expect(isOn)
    }

    // MARK: The end

    @Test("it ends when the cooldown is over, also while nothing comes to tell of health")
    func cooldown() async throws {
        _ = try add()
        try await send(10, 502)
        pass(seconds: 1)
        #expect(isOn)
        pass(seconds: 59)
        #expect(isOn)
        pass(seconds: 1)
        #expect(!isOn)
        #expect(try await multiplier() == nil)
        #expect(proxy.log.lines.last?.event == "velocity mode ended")
        #expect(proxy.log.lines.last?["reason"] == "cooldown")
        #expect(proxy.log.lines.last?["lasted"] == "60.0s")
    }

    @Test("requests notice the end of the cooldown by themselves")
    func cooldownWithoutSteps() async throws {
        _ = try add()
        try await send(10, 502)
        pass(seconds: 1)
        proxy.time.advance(by: .seconds(61))
        #expect(try await multiplier() == nil)
        #expect(!isOn)
    }

    @Test("it ends early when failures have been few for half the window")
    func recovery() async throws {
        _ = try add()
        try await send(10, 502)
        pass(seconds: 1)
        for _ in 0..<4 {
            try await send(3)
            pass(seconds: 1)
            #expect(isOn)
        }
        for _ in 0..<3 {
            try await send(3)
            pass(seconds: 1)
        }
        #expect(!isOn)
        #expect(proxy.log.lines.last?["reason"] == "recovered")
    }

    @Test("it ends early on a quarter of the minimum, because there is less traffic by then")
    func recoveryWithLittleTraffic() async throws {
        _ = try add()
        try await send(10, 502)
        pass(seconds: 1)
        try await send(2)
        pass(seconds: 8)
        #expect(isOn, "2 are too few")
        try await send(1)
        pass(seconds: 1)
        #expect(!isOn)
    }

    @Test("it does not end early while failures go on, nor on a share between the two bounds")
    func noRecovery() async throws {
        _ = try add()
        try await send(10, 502)
        pass(seconds: 1)
        for _ in 0..<50 {
            try await send(8)
            try await send(1, 503)
            pass(seconds: 1)
            #expect(isOn)
        }
    }

    @Test("with recoverBelow 0 it never ends early")
    func neverEarly() async throws {
        _ = try add(#""recoverBelow": 0"#)
        try await send(10, 502)
        pass(seconds: 1)
        try await send(100)
        pass(seconds: 58)
        #expect(isOn)
    }

    @Test("what started it does not start it again after its end", arguments: [true, false])
    func doesNotFlap(recovers: Bool) async throws {
        _ = try add(cooldown: "8s")
        try await send(100, 502)
        pass(seconds: 1)
        if recovers { try await send(10) }
        pass(seconds: 9)
        #expect(!isOn)
        pass(seconds: 30)
        #expect(!isOn)
        #expect(proxy.metrics["velocity_activations_total"] == 1)
        #expect(proxy.log.events == ["velocity mode started", "velocity mode ended"])
    }

    @Test("an upstream that still fails after the cooldown starts it again")
    func startsAgain() async throws {
        _ = try add(cooldown: "8s")
        for _ in 0..<10 {
            try await send(10, 502)
            pass(seconds: 1)
        }
        #expect(isOn)
        #expect(
            proxy.log.events == [
                "velocity mode started", "velocity mode ended", "velocity mode started",
            ])
    }

    // MARK: The multiplier

    @Test("a tier has its own multiplier, and 1 leaves its limits alone")
    func tiers() async throws {
        try proxy.add(TierWriter.self)
        _ = try add(#""multiplier": 0.4, "tiers": { "partner": 0.8, "internal": 1 }"#)
        try await send(10, 502)
        pass(seconds: 1)
        func multiplier(_ tier: String) async throws -> Double? {
            try await proxy.send(headers: ["x-tier": tier])[Facts.limitMultiplier]
        }
        #expect(try await multiplier("partner") == 0.8)
        #expect(try await multiplier("internal") == nil)
        #expect(try await multiplier("free") == 0.4)
        #expect(try await self.multiplier() == 0.4)
    }

    @Test("two guards multiply")
    func twoGuards() async throws {
        _ = try add()
        try proxy.add(
            VelocityGuard.self, #"{ "minimumRequests": 10, "multiplier": 0.8 }"#, label: "second")
        try await send(10, 502)
        pass(seconds: 1)
        #expect(try await multiplier() == 0.4)
    }

    // MARK: What is told of it

    @Test("the start is told with what caused it")
    func log() async throws {
        let guarding = try add(#""multiplier": 0.25"#)
        try await send(4)
        try await send(2, 503)
        try await send(3, 502)
        try await send(1, 507)
        pass(seconds: 1)
        let line = try #require(proxy.log.lines.first)
        #expect(line.level == .warning)
        #expect(line.event == "velocity mode started")
        #expect(line["share"] == "0.6")
        #expect(line["failures"] == "6")
        #expect(line["requests"] == "10")
        #expect(line["statuses"] == "502 × 3, 503 × 2, 5xx × 1")
        #expect(line["multiplier"] == "0.25")
        #expect(line["until"] == "2026-01-01T00:01:00.500000Z")
        #expect(proxy.metrics["velocity_activations_total", ["plugin": "velocity-guard"]] == 1)
        #expect(proxy.metrics["velocity_failures_total", ["status": "502"]] == 3)
        #expect(proxy.metrics["velocity_failures_total"] == 6)
        #expect(
            guarding.state.description == """
                {"active": true, "since": "2026-01-01T00:00:00.500000Z", \
                "until": "2026-01-01T00:01:00.500000Z", "cause": {"requests": 10, "failures": 6, \
                "share": 0.6, "statuses": {"502": 3, "503": 2, "5xx": 1}}, "window": \
                {"requests": 0, "failures": 0, "share": 0.0, "statuses": {}}}
                """)
        pass(seconds: 60)
        #expect(
            guarding.state.description == """
                {"active": false, "since": "2026-01-01T00:00:00.500000Z", \
                "ended": "2026-01-01T00:01:00.500000Z", "reason": "cooldown", "cause": \
                {"requests": 10, "failures": 6, "share": 0.6, "statuses": {"502": 3, "503": 2, \
                "5xx": 1}}, "window": {"requests": 0, "failures": 0, "share": 0.0, "statuses": {}}}
                """)
    }

    @Test("before anything happens there is something to see, too")
    func emptyState() throws {
        #expect(
            try add().state.description == """
                {"active": false, "window": {"requests": 0, "failures": 0, "share": 0.0, \
                "statuses": {}}}
                """)
        #expect(proxy.metrics["velocity_active"] == 0)
    }

    // MARK: Settings

    @Test("with nothing but defaults it can be made")
    func defaults() throws { try proxy.add(VelocityGuard.self) }

    @Test("a low threshold needs no other setting")
    func lowThreshold() throws { _ = try add(#""threshold": 0.05"#) }

    @Test(
        "what makes no sense is an error that says so",
        arguments: [
            (
                #"{ "recoverBelow": 0.25 }"#,
                "recoverBelow: expected less than the threshold, 0.25, found 0.25"
            ),
            (
                #"{ "tiers": { "a": 0.5, "b": 2, "c": 0 } }"#,
                "tiers.b: expected a number from 0.01 to 1, found 2"
            ),
            (
                #"{ "tiers": { "a": 0.5, "b": 2, "c": 0 } }"#,
                "tiers.c: expected a number from 0.01 to 1, found 0"
            ),
            (#"{ "threshold": 0 }"#, "threshold: expected a number from 0.001 to 1, found 0"),
            (
                #"{ "multiplier": 1.5 }"#,
                "multiplier: expected a number from 0.01 to 1, found 1.5"
            ),
            (#"{ "minimumRequests": 0 }"#, "minimumRequests: expected a whole number"),
            (#"{ "window": "2h" }"#, "window: expected a duration"),
            (#"{ "scope": "route" }"#, "scope: expected"),
        ])
    func wrongSettings(config: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(VelocityGuard.self, config)
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}

/// Refuses everything.
private struct Refuser: RequestPhase {
    static let name = "refuser"

    struct Configuration: PluginConfiguration {
        @Setting("status", "With what.") var status: Int
        init() {}
    }

    let status: Int

    init(_ configuration: Configuration, _ setup: Setup) { status = configuration.status }

    func request(_ exchange: Exchange) -> Decision { .refuse(status, reason: "refused") }
}

/// Takes the client's word for its tier.
private struct TierWriter: RequestPhase {
    static let name = "tier-writer"
    static let writes: [any FactDeclaration] = [Facts.tier]

    struct Configuration: PluginConfiguration { init() {} }

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.tier] = exchange.request.headers["x-tier"]?.string
        return .proceed
    }
}
