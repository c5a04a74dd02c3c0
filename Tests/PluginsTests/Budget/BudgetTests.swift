import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("budget")
struct BudgetTests {
    private let proxy = TestProxy()

    init() throws { try proxy.add(Meter.self) }

    private func add(_ config: String, label: String? = nil, mode: TestProxy.Mode = .enforce) throws
    {
        try proxy.add(Budget.self, config, label: label, mode: mode)
    }

    /// One request that costs what it is expected to, unless told.
    private func send(_ identity: String = "alice", expected: String = "1", cost: String? = nil)
        async throws -> TestResult
    {
        try await proxy.send(
            headers: ["x-identity": identity, "x-expected": expected, "x-cost": cost ?? expected])
    }

    @Test("each identity may spend its budget, and no more")
    func identities() async throws {
        try add(#"{ "limit": "2.50", "per": "day" }"#)
        for identity in ["alice", "bob"] {
            #expect(try await send(identity).status == 200)
            #expect(try await send(identity).status == 200)
            let refused = try await send(identity)
            #expect(refused.status == 402)
            #expect(refused.reason == "budget_exceeded")
            #expect(refused.sent == nil)
            // What is left is enough for less.
            #expect(try await send(identity, expected: "0.5").status == 200)
            #expect(try await send(identity, expected: "0.000000000001").status == 402)
            #expect(try await send(identity, expected: "0").status == 402)
        }
    }

    @Test("a refusal tells why, what is left, and when to come again")
    func refusal() async throws {
        proxy.time.advance(by: .seconds(3600))
        try add(#"{ "limit": 25, "per": "day", "status": 429 }"#)
        _ = try await send(expected: "24.9")
        let refused = try await send(expected: "0.25")
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] == "82800")
        #expect(refused.headers["x-budget-limit"] == "25")
        #expect(refused.headers["x-budget-remaining"] == "0.1")
        #expect(refused.headers["x-budget-reset"] == "82800")
        #expect(
            refused.body.contains(
                "Of the budget of 25 US dollars per day, 0.1 US dollars are left, and this request "
                    + "may take 0.25 US dollars. The next period begins at 2026-01-02T00:00:00Z."))
        _ = try await send(expected: "0.1")
        #expect(
            try await send().body.contains(
                "The budget of 25 US dollars per day is used up. "
                    + "The next period begins at 2026-01-02T00:00:00Z."))
    }

    @Test("what is charged is what it cost, be it less or more than was expected")
    func settlement() async throws {
        try add(#"{ "limit": 10, "per": "day" }"#)
        #expect(try await send(expected: "9", cost: "0.000000000001").status == 200)
        let second = try await send(expected: "9", cost: "12.5")
        #expect(second.status == 200)
        #expect(second.headers["x-budget-remaining"] == "0.999999999999")
        let third = try await send(expected: "0.01")
        #expect(third.status == 402)
        #expect(third.headers["x-budget-remaining"] == "0")
        #expect(proxy.metrics["budget_spent_usd_total"] == 12.500000000001)
    }

    @Test("a budget begins anew with the next day, or the next month")
    func periods() async throws {
        for (per, seconds) in [("day", 86_400), ("month", 31 * 86_400)] {
            let proxy = TestProxy()
            try proxy.add(Meter.self)
            try proxy.add(Budget.self, #"{ "limit": 1, "per": "\#(per)" }"#)
            func send() async throws -> Int {
                try await proxy.send(
                    headers: ["x-identity": "alice", "x-expected": "1", "x-cost": "1"]
                ).status
            }
            #expect(try await send() == 200)
            proxy.time.advance(by: .seconds(seconds - 1))
            #expect(try await send() == 402)
            proxy.time.advance(by: .seconds(1))
            #expect(try await send() == 200)
            #expect(try await send() == 402)
        }
    }

    @Test("tokens are a budget too")
    func tokens() async throws {
        try add(#"{ "limit": "100 tokens", "per": "month" }"#)
        func send(_ expected: String, _ tokens: String) async throws -> TestResult {
            try await proxy.send(
                headers: [
                    "x-identity": "alice", "x-expected-tokens": expected, "x-cost-tokens": tokens,
                ])
        }
        let first = try await send("90", "60")
        #expect(first.status == 200)
        #expect(first.headers["x-budget-limit"] == "100")
        #expect(first.headers["x-budget-remaining"] == "10")
        let second = try await send("41", "1")
        #expect(second.status == 402)
        #expect(second.headers["x-budget-remaining"] == "40")
        #expect(second.body.contains("this request may take 41 tokens"))
        #expect(try await send("40", "40").status == 200)
        #expect(try await send("1", "1").status == 402)
        #expect(proxy.metrics["budget_spent_tokens_total"] == 100)
    }

    @Test("a request of which nobody knows what it may cost is admitted while anything is left")
    func unknown() async throws {
        try add(#"{ "limit": 5, "per": "day" }"#)
        func send(_ cost: String) async throws -> Int {
            try await proxy.send(headers: ["x-identity": "alice", "x-cost": cost]).status
        }
        #expect(try await send("4.99") == 200)
        #expect(try await send("7") == 200)
        #expect(try await send("0") == 402)
    }

    @Test("the tolerance may be spent as well, and clients are not told of it")
    func tolerance() async throws {
        try add(#"{ "limit": 5, "tolerance": "1", "per": "day" }"#)
        #expect(try await send(expected: "5").headers["x-budget-remaining"] == "0")
        #expect(try await send(expected: "1.1").status == 402)
        let more = try await send(expected: "1")
        #expect(more.status == 200)
        #expect(more.headers["x-budget-limit"] == "5")
        #expect(try await send(expected: "0.1").status == 402)
    }

    @Test("a tier has a limit of its own")
    func tiers() async throws {
        try add(#"{ "limit": 1, "per": "day", "tiers": { "gold": 3, "none": 0 } }"#)
        func send(_ identity: String, _ tier: String) async throws -> Int {
            try await proxy.send(
                headers: [
                    "x-identity": identity, "x-tier": tier, "x-expected": "1", "x-cost": "1",
                ]
            ).status
        }
        for turn in 0..<4 {
            #expect(try await send("alice", "gold") == (turn < 3 ? 200 : 402))
            #expect(try await send("bob", "silver") == (turn < 1 ? 200 : 402))
            #expect(try await send("carol", "none") == 402)
        }
    }

    @Test("requests without an identity share one budget, or have none")
    func missing() async throws {
        for (policy, status) in [("shared", 402), ("skip", 200)] {
            let proxy = TestProxy()
            try proxy.add(Meter.self)
            try proxy.add(
                Budget.self, #"{ "limit": 1, "per": "day", "whenMissing": "\#(policy)" }"#)
            for peer in ["192.0.2.1", "192.0.2.2"] {
                let result = try await proxy.send(
                    headers: ["x-expected": "1", "x-cost": "1"], peer: peer)
                #expect(result.status == (peer == "192.0.2.1" ? 200 : status))
                #expect((result.headers["x-budget-limit"] == nil) == (policy == "skip"))
            }
        }
    }

    @Test("other keys than the identity are as rate-limiter's")
    func keys() async throws {
        try add(#"{ "limit": 1, "per": "day", "key": ["identity", "header:x-project"] }"#)
        func send(_ project: String) async throws -> Int {
            try await proxy.send(
                headers: [
                    "x-identity": "alice", "x-project": project, "x-expected": "1", "x-cost": "1",
                ]
            ).status
        }
        #expect(try await send("one") == 200)
        #expect(try await send("two") == 200)
        #expect(try await send("one") == 402)
    }

    @Test("of several budgets clients are told of the one of which the least is left")
    func several() async throws {
        try add(#"{ "limit": 10, "per": "day" }"#, label: "day")
        try add(#"{ "limit": 12, "per": "month" }"#, label: "month")
        let first = try await send(expected: "6")
        #expect(first.headers["x-budget-limit"] == "10")
        #expect(first.headers["x-budget-remaining"] == "4")
        proxy.time.advance(by: .seconds(86_400))
        let second = try await send(expected: "5")
        #expect(second.headers["x-budget-limit"] == "12")
        #expect(second.headers["x-budget-remaining"] == "1")
        let third = try await send(expected: "2")
        #expect(third.status == 402)
        #expect(third.headers["x-budget-limit"] == "12")
        // Nothing of it has stayed reserved in the budget that would have admitted it.
        #expect(try await send(expected: "1").headers["x-budget-remaining"] == "0")
        proxy.time.advance(by: .seconds(30 * 86_400))
        #expect(try await send(expected: "10").status == 200)
    }

    @Test("clients need not be told, and the upstream's own fields are then left alone")
    func quiet() async throws {
        proxy.upstream = UpstreamAnswer(headers: ["x-budget-limit": "upstream"])
        try add(#"{ "limit": 10, "per": "day", "headers": false }"#, label: "quiet")
        #expect(try await send().headers["x-budget-limit"] == "upstream")
        try add(#"{ "limit": 10, "per": "day" }"#, label: "loud")
        #expect(try await send().headers["x-budget-limit"] == "10")
    }

    @Test("while it is only observed nobody is refused or told, and what is spent is counted")
    func observed() async throws {
        try add(#"{ "limit": 2, "per": "day" }"#, mode: .observe)
        for turn in 0..<4 {
            let result = try await send()
            #expect(result.status == 200)
            #expect(result.headers["x-budget-limit"] == nil)
            #expect(result.reason == (turn < 2 ? nil : "budget_exceeded"))
        }
        #expect(proxy.metrics["budget_spent_usd_total"] == 4)
    }

    @Test("a budget that is used up is told of once in a period")
    func told() async throws {
        try add(#"{ "limit": 2, "per": "day" }"#)
        for _ in 0..<5 { _ = try await send() }
        for _ in 0..<5 { _ = try await send("bob", expected: "3") }
        proxy.time.advance(by: .seconds(86_400))
        for _ in 0..<5 { _ = try await send() }
        let lines = proxy.log.lines.filter { $0.event == "budget used up" }
        #expect(lines.map { $0["identity"] } == ["alice", "bob", "alice"])
        #expect(lines.map { $0["period"] } == ["2026-01-01", "2026-01-01", "2026-01-02"])
        #expect(lines.map { $0["spent"] } == ["2 US dollars", "0 US dollars", "2 US dollars"])
        #expect(lines.map { $0["limit"] } == ["2 US dollars", "2 US dollars", "2 US dollars"])
        #expect(proxy.metrics["budget_used_up_total"] == 3)
    }

    @Test("an operator sees how many budgets there are, and of which period")
    func shown() async throws {
        let budget = try proxy.add(Budget.self, #"{ "limit": 2, "per": "month" }"#)
        _ = try await send("alice")
        _ = try await send("bob")
        #expect(
            budget.state == [
                "keys": 2, "period": "2026-01", "until": "2026-02-01T00:00:00.000000Z",
            ])
        #expect(proxy.metrics["budget_keys"] == 2)
    }

    @Test("what has been spent stays spent through a reload that changes the limit")
    func reload() async throws {
        let budget = try proxy.add(Budget.self, #"{ "limit": 2, "per": "day" }"#)
        #expect(try await send(expected: "2").status == 200)
        let after = TestProxy(replicaOf: proxy)
        try after.add(Meter.self)
        try after.add(
            Budget.self, #"{ "limit": 3, "per": "day", "reservationTimeout": "1m" }"#)
        let result = try await after.send(
            headers: ["x-identity": "alice", "x-expected": "1", "x-cost": "1"])
        #expect(result.status == 200)
        #expect(result.headers["x-budget-remaining"] == "0")
        _ = budget
    }
}
