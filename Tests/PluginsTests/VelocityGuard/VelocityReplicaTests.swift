import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("velocity-guard in several replicas, and for several upstreams")
struct VelocityReplicaTests {
    private static let config =
        #"{ "minimumRequests": 10, "window": "12s", "cooldown": "60s", "scope": "SCOPE" }"#

    private static func add(to proxy: TestProxy, scope: String = "global") throws -> VelocityGuard {
        try proxy.add(VelocityGuard.self, config.replacing("SCOPE", with: scope))
    }

    private static func send(_ count: Int, _ status: Int = 200, to proxy: TestProxy) async throws {
        proxy.upstream = UpstreamAnswer(status)
        for _ in 0..<count { _ = try await proxy.send() }
    }

    /// An exchange of which the plugin sees the beginning and the end.
    /// - Returns: what its limits were multiplied by.
    @discardableResult
    private static func exchange(
        with upstream: String, _ guarding: VelocityGuard, _ time: ManualTime, status: Int = 200
    ) -> Double? {
        let exchange = TestRequest().exchange(at: time)
        exchange.upstream = upstream
        _ = guarding.request(exchange)
        exchange.outcome.status = status
        exchange.outcome.attempts = 1
        guarding.completed(exchange)
        return exchange[Facts.limitMultiplier]
    }

    @Test("failures that are few in each are enough together, and the mode holds for all")
    func together() async throws {
        let first = TestProxy()
        let replicas = [first, TestProxy(replicaOf: first), TestProxy(replicaOf: first)]
        for replica in replicas {
            _ = try Self.add(to: replica)
            try await Self.send(3, to: replica)
            try await Self.send(1, 503, to: replica)
        }
        for _ in 0..<2 {
            first.time.advance(by: .milliseconds(500))
            for replica in replicas { replica.runPeriodic() }
        }
        for replica in replicas {
            #expect(replica.metrics["velocity_active"] == 1)
            #expect(try await replica.send()[Facts.limitMultiplier] == 0.5)
        }
    }

    @Test("one tells of the start and counts it, the others that they took it over")
    func tellsOnce() async throws {
        let first = TestProxy()
        let second = TestProxy(replicaOf: first)
        _ = try Self.add(to: first)
        _ = try Self.add(to: second)
        try await Self.send(4, 502, to: first)
        first.runPeriodic()
        try await Self.send(6, 503, to: second)
        second.runPeriodic()
        first.runPeriodic()
        #expect(second.log.events == ["velocity mode started"])
        #expect(first.log.events == ["velocity mode taken over"])
        for replica in [first, second] {
            #expect(replica.log.lines.first?["statuses"] == "503 × 6, 502 × 4")
        }
        #expect(first.metrics["velocity_activations_total"] == 0)
        #expect(second.metrics["velocity_activations_total"] == 1)

        try await Self.send(10, to: first)
        first.time.advance(by: .seconds(6))
        for replica in [first, second] { replica.runPeriodic() }
        for replica in [first, second] {
            #expect(replica.metrics["velocity_active"] == 0)
            #expect(replica.log.lines.last?.event == "velocity mode ended")
            #expect(replica.log.lines.last?["reason"] == "recovered")
        }
    }

    @Test("a replica that joins while the mode is on takes it over")
    func joins() async throws {
        let first = TestProxy()
        _ = try Self.add(to: first)
        try await Self.send(10, 502, to: first)
        first.runPeriodic()
        first.time.advance(by: .seconds(20))
        let second = TestProxy(replicaOf: first)
        _ = try Self.add(to: second)
        second.runPeriodic()
        #expect(try await second.send()[Facts.limitMultiplier] == 0.5)
        #expect(second.log.lines.first?["since"] == "2026-01-01T00:00:00.000000Z")
        #expect(second.log.lines.first?["until"] == "2026-01-01T00:01:00.000000Z")
    }

    @Test("a replica that goes takes no more with it than it had not yet handed over")
    func loss() async throws {
        let first = TestProxy()
        let second = TestProxy(replicaOf: first)
        _ = try Self.add(to: first)
        _ = try Self.add(to: second)
        try await Self.send(9, 502, to: first)
        first.runPeriodic()
        try await Self.send(9, 502, to: first)
        // It goes here.
        try await Self.send(1, 502, to: second)
        second.runPeriodic()
        #expect(second.metrics["velocity_active"] == 1)
        #expect(second.log.lines.first?["failures"] == "10")
    }

    @Test("counts go on, and the mode with them, when a reload makes the instance anew")
    func reload() async throws {
        let old = TestProxy()
        let kept = try Self.add(to: old)
        try await Self.send(9, 502, to: old)
        old.runPeriodic()
        let new = TestProxy(replicaOf: old)
        _ = try Self.add(to: new)
        try await Self.send(1, 502, to: new)
        new.runPeriodic()
        #expect(new.metrics["velocity_active"] == 1)
        withExtendedLifetime(kept) {}
    }

    @Test("an end and a start that fall between two steps of a replica are both told")
    func missedEnd() async throws {
        let first = TestProxy()
        let second = TestProxy(replicaOf: first)
        _ = try Self.add(to: first)
        _ = try Self.add(to: second)
        try await Self.send(10, 502, to: first)
        first.runPeriodic()
        second.runPeriodic()
        try await Self.send(10, 503, to: first)
        first.time.advance(by: .milliseconds(60_100))
        second.runPeriodic()
        first.time.advance(by: .milliseconds(500))
        first.runPeriodic()
        second.runPeriodic()
        #expect(
            first.log.events == [
                "velocity mode started", "velocity mode ended", "velocity mode started",
            ])
        #expect(first.log.lines[1]["lasted"] == "60.0s")
        #expect(
            second.log.events == [
                "velocity mode taken over", "velocity mode ended", "velocity mode taken over",
            ])
    }

    @Test("a record that has been lost does not end the mode before its time")
    func lostRecord() {
        func finding(_ mode: VelocityFinding.Mode, started: Double) -> VelocityFinding {
            var words = StateWords()
            let lasting = mode == .on ? 60e6 : 0
            for word in [Double(mode.rawValue), 0, started, lasting, 0] { words.append(word) }
            for _ in 0..<2 * UpstreamVerdict.count { words.append(0) }
            return VelocityFinding(words)
        }
        let time = ManualTime()
        let scope = VelocityScope(upstream: nil)
        _ = scope.learn(finding(.on, started: 7), time)
        time.advance(by: .seconds(59))
        #expect(scope.learn(finding(.off, started: 0), time).isEmpty)
        #expect(scope.isActive(at: time.monotonic))
        time.advance(by: .seconds(1))
        #expect(scope.learn(finding(.off, started: 0), time).count == 1)
        #expect(!scope.isActive(at: time.monotonic))
    }

    // MARK: For each upstream

    @Test("one upstream's failures leave the other's limits alone")
    func upstreams() throws {
        let proxy = TestProxy()
        let guarding = try Self.add(to: proxy, scope: "upstream")
        for _ in 0..<10 {
            Self.exchange(with: "good", guarding, proxy.time)
            Self.exchange(with: "bad", guarding, proxy.time, status: 503)
        }
        proxy.runPeriodic()
        #expect(Self.exchange(with: "good", guarding, proxy.time) == nil)
        #expect(Self.exchange(with: "bad", guarding, proxy.time) == 0.5)
        #expect(Self.exchange(with: "new", guarding, proxy.time) == nil)
        #expect(proxy.metrics["velocity_active", ["upstream": "good"]] == 0)
        #expect(proxy.metrics["velocity_active", ["upstream": "bad"]] == 1)
        #expect(proxy.log.lines.map { $0["upstream"] } == ["bad"])
        #expect(
            guarding.state.description.hasPrefix(
                #"{"upstreams": {"good": {"active": false, "window""#))
    }

    @Test("together, one upstream's failures lower the limits of all")
    func global() throws {
        let proxy = TestProxy()
        let guarding = try Self.add(to: proxy)
        for _ in 0..<10 { Self.exchange(with: "bad", guarding, proxy.time, status: 503) }
        proxy.runPeriodic()
        #expect(Self.exchange(with: "good", guarding, proxy.time) == 0.5)
    }

    @Test("each upstream has one scope, whoever asks first, and however many do at once")
    func concurrent() async {
        let scopes = VelocityScopes()
        let names = (0..<20).map { "upstream-\($0)" }
        await withTaskGroup(of: Void.self) { group in
            for offset in 0..<8 {
                group.addTask {
                    for index in 0..<2000 {
                        scopes.scope(of: names[(index + offset * 3) % names.count]).count(.success)
                    }
                }
            }
        }
        #expect(scopes.compactMap(\.upstream).sorted() == names.sorted())
        #expect(scopes.map { $0.takeCounts()[.success] }.allSatisfy { $0 == 800 })
    }
}
