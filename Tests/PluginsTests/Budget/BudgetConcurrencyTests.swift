import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("A budget and requests at the same time")
struct BudgetConcurrencyTests {
    @Test("sixty-four at once are admitted as far as the budget reaches for all of them")
    func storm() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day" }"#)
        let all = (0..<64).map { _ in visits.begin(expected: "0.3") }
        let admitted = all.filter(\.isAdmitted)
        #expect(admitted.count == 33)
        #expect(all.dropFirst(33).allSatisfy { $0.reason == "budget_in_use" })
        for visit in all { visits.end(visit, cost: visit.isAdmitted ? "0.1" : nil) }
        // 3.3 are spent, and nothing is reserved any more.
        #expect(visits.begin(expected: "6.7").isAdmitted)
        #expect(!visits.begin(expected: "0.01").isAdmitted)
    }

    @Test(
        "one that is refused for what others hold may come again at once, one that never fits not")
    func again() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day", "status": 429 }"#)
        let first = visits.begin(expected: "8")
        guard case .refuse(let soon) = visits.begin(expected: "3").decision,
            case .refuse(let never) = visits.begin(expected: "11").decision
        else {
            Issue.record("they are admitted")
            return
        }
        #expect(soon.status == 429 && soon.reason == "budget_in_use")
        #expect(soon.headers.map(\.1) == ["1"])
        #expect(never.reason == "budget_exceeded")
        #expect(never.headers.map(\.1) == ["86400"])
        visits.end(first, cost: "7")
        #expect(visits.begin(expected: "3").isAdmitted)
    }

    @Test("a request refused by another plugin, or withdrawn, leaves nothing reserved")
    func withdrawn() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day" }"#)
        let refusedLater = visits.begin(expected: "10")
        #expect(refusedLater.isAdmitted)
        visits.budget.completed(refusedLater.exchange)
        let withdrawn = visits.begin(expected: "10")
        #expect(withdrawn.isAdmitted)
        visits.withdraw(withdrawn)
        #expect(visits.begin(expected: "10").isAdmitted)
    }

    @Test("where nobody decides by its step, a request is charged only if it was sent")
    func undecided() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day" }"#)
        // Withdrawn by the proxy, or never taken: it ends before it is sent.
        let unsent = visits.begin(expected: "4", isDecided: false)
        visits.withdraw(unsent)
        visits.budget.completed(unsent.exchange)
        #expect(visits.begin(expected: "10").isAdmitted)
        let full = try Visits(#"{ "limit": 10, "per": "day" }"#)
        // Taken here while Redis was away, and let through by the operator's choice.
        let sent = full.begin(expected: "4", isDecided: false)
        full.end(sent, cost: "3")
        #expect(full.begin(expected: "7").isAdmitted)
        #expect(!full.begin(expected: "0.01").isAdmitted)
    }

    @Test("what nobody ever tells the end of comes free after the timeout")
    func lost() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "month", "reservationTimeout": "10m" }"#)
        _ = visits.begin(expected: "10")
        visits.proxy.time.advance(by: .seconds(599))
        #expect(visits.begin(expected: "10").reason == "budget_in_use")
        visits.proxy.time.advance(by: .seconds(121))
        #expect(visits.begin(expected: "10").isAdmitted)
    }

    @Test("a request that ends after midnight is charged to the day on which it began")
    func midnight() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day" }"#)
        visits.proxy.time.advance(by: .seconds(86_399))
        let late = visits.begin(expected: "6")
        visits.proxy.time.advance(by: .seconds(2))
        let early = visits.begin(expected: "10")
        #expect(early.isAdmitted)
        visits.end(late, cost: "6")
        visits.end(early, cost: "3")
        #expect(visits.begin(expected: "7").isAdmitted)
        #expect(!visits.begin(expected: "0.01").isAdmitted)
    }

    @Test("replicas spend one budget")
    func replicas() throws {
        let config = #"{ "limit": 9, "per": "day" }"#
        let first = try Visits(config)
        let replicas = try [
            first, Visits(config, replicaOf: first), Visits(config, replicaOf: first),
        ]
        let all = (0..<30).map { replicas[$0 % 3].begin(expected: "1") }
        #expect(all.filter(\.isAdmitted).count == 9)
        for (index, visit) in all.enumerated() { replicas[index % 3].end(visit, cost: "1") }
        #expect(replicas.allSatisfy { $0.begin(expected: "0.01").reason == "budget_exceeded" })
    }

    @Test("a contended budget is looked at until what others held is free")
    func contended() throws {
        let visits = try Visits(#"{ "limit": 10, "per": "day" }"#)
        let looks = CountedLooks(visits.proxy)
        let first = visits.begin(expected: "8")
        visits.proxy.runPeriodic()
        #expect(looks.count(of: visits.budget) == 0)
        #expect(visits.begin(expected: "3").reason == "budget_in_use")
        #expect(looks.count(of: visits.budget) == 1)
        #expect(looks.count(of: visits.budget) == 1)
        visits.end(first, cost: "1")
        #expect(looks.count(of: visits.budget) == 1)
        #expect(looks.count(of: visits.budget) == 0)
    }

    @Test("settling takes any order, and the sum is exact", arguments: 0..<50)
    func sums(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        let visits = try Visits(#"{ "limit": 1000, "per": "month" }"#)
        var open: [Visits.Visit] = []
        var spent = Money.zero
        for _ in 0..<200 {
            if open.count < 64, Bool.random(using: &random) {
                let visit = visits.begin(expected: "1")
                #expect(visit.isAdmitted)
                open.append(visit)
            } else if !open.isEmpty {
                let visit = open.remove(at: .random(in: open.indices, using: &random))
                let cost = Money(
                    picodollars: .random(in: 0...1_000_000_000_000, using: &random))
                visits.end(visit, cost: cost.description)
                spent += cost
            }
        }
        for visit in open { visits.budget.completed(visit.exchange) }
        let left = Money(picodollars: 1_000_000_000_000_000 - spent.picodollars)
        #expect(visits.begin(expected: left.description).isAdmitted)
        #expect(!visits.begin(expected: "0.000000000001").isAdmitted)
    }
}

/// Counts what a budget looks up beside the requests.
private final class CountedLooks: StateAccess {
    private let state: any StateAccess
    private var count = 0

    init(_ proxy: TestProxy) { state = proxy.setup(label: "budget").state as! any StateAccess }

    func take(_ step: StateStep, then: @escaping (StateResult) -> Void) {
        count += 1
        state.take(step, then: then)
    }

    func take(_ step: StateStep) { take(step) { _ in } }

    func count(of budget: Budget) -> Int {
        count = 0
        budget.periodic(self)
        return count
    }
}
