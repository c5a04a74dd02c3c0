import PluginAPI
import Testing

@testable import Plugins

/// Requests against one budget, each of which reserves, and then settles, is withdrawn, or is never
/// heard of again.
private final class Traffic {
    struct Request {
        let arguments: BudgetArguments
        let since: Int64
    }

    static let timeout = Duration.seconds(100)
    static let limit: Int128 = 1_000_000_000_000

    var random: SplitMix64
    var now: Int64 = 1_767_225_600_000_000
    let period: BudgetPeriod
    var record = BudgetRecord()
    var requests: [Request] = []
    /// Of those whose process died.
    var lost: [Request] = []
    var spent: Int128 = 0

    init(seed: Int) {
        random = SplitMix64(seed: seed)
        period = BudgetPeriod(.month, around: WallTime(microseconds: now))
    }

    /// - Returns: whether it was admitted.
    @discardableResult
    func reserve(_ amount: Int128) -> Bool {
        let arguments = BudgetArguments(
            reserving: SplitAmount(whole: amount), limit: SplitAmount(whole: Self.limit),
            in: period, timeout: Self.timeout, now: WallTime(microseconds: now))
        guard record.take(arguments).isApplied else { return false }
        requests.append(Request(arguments: arguments, since: now))
        return true
    }

    func settle(_ request: Request, spending amount: Int128) {
        spent += amount
        record.take(
            request.arguments.settled(
                spending: SplitAmount(whole: amount), now: WallTime(microseconds: now)))
    }

    func takeRequest() -> Request? {
        requests.isEmpty ? nil : requests.remove(at: .random(in: requests.indices, using: &random))
    }

    var finding: BudgetFinding {
        var record = record
        let look = BudgetArguments(
            reserving: .zero, limit: .zero, in: period, timeout: Self.timeout,
            now: WallTime(microseconds: now))
        return record.take(look.looking(now: WallTime(microseconds: now))).finding
    }

    /// What must be reserved at least, and may be at most: a reservation lapses between once and six
    /// fifths of the timeout.
    var reserved: ClosedRange<Int128> {
        func sum(_ age: Duration) -> Int128 {
            (requests + lost).filter { now - $0.since < age.nanoseconds / 1000 }
                .reduce(0) { $0 + $1.arguments.reserved.whole }
        }
        return sum(Self.timeout)...sum(Self.timeout * 6 / 5)
    }
}

@Suite("The record of a budget")
struct BudgetProgramTests {
    @Test("admits no more than the limit, in any order of events", arguments: 0..<200)
    func bound(seed: Int) {
        let traffic = Traffic(seed: seed)
        var admitted = 0
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &traffic.random) {
            case 0..<4:
                let amount = Int128.random(in: 0...Traffic.limit / 20, using: &traffic.random)
                let before = traffic.finding
                let fits =
                    before.spent.whole + before.reserved.whole + amount <= Traffic.limit
                    && before.spent.whole + before.reserved.whole < Traffic.limit
                let isAdmitted = traffic.reserve(amount)
                #expect(isAdmitted == fits)
                admitted += fits ? 1 : 0
            case 4..<7:
                guard let request = traffic.takeRequest() else { continue }
                // What came of it is at most what was expected, to the last pico-dollar.
                traffic.settle(
                    request,
                    spending: .random(
                        in: 0...request.arguments.reserved.whole / 4, using: &traffic.random))
            case 7:
                guard let request = traffic.takeRequest() else { continue }
                traffic.settle(request, spending: 0)
            case 8:
                guard let request = traffic.takeRequest() else { continue }
                traffic.lost.append(request)
            default:
                traffic.now += Int64.random(in: 0...20_000_000, using: &traffic.random)
                // None takes as long as the timeout.
                while let late = traffic.requests.firstIndex(where: {
                    traffic.now - $0.since >= 100_000_000
                }) {
                    let request = traffic.requests.remove(at: late)
                    traffic.settle(request, spending: request.arguments.reserved.whole / 4)
                }
            }
            let finding = traffic.finding
            #expect(finding.spent.whole == traffic.spent)
            #expect(traffic.reserved.contains(finding.reserved.whole))
            #expect(finding.spent.whole + traffic.reserved.lowerBound <= Traffic.limit)
        }
        #expect(admitted > 20)
        // Whatever died leaves nothing behind.
        traffic.now += 120_000_000
        #expect(traffic.finding.reserved == .zero)
    }

    @Test("what is reserved is not there for others, and what was not needed is again")
    func reservation() {
        let traffic = Traffic(seed: 1)
        #expect(traffic.reserve(Traffic.limit))
        #expect(!traffic.reserve(1))
        #expect(!traffic.reserve(0))
        let request = traffic.takeRequest()!
        traffic.settle(request, spending: Traffic.limit - 1)
        #expect(!traffic.reserve(2))
        #expect(traffic.reserve(1))
        #expect(!traffic.reserve(0))
    }

    @Test("what was never reserved, or has lapsed, cannot be released")
    func release() {
        let traffic = Traffic(seed: 2)
        traffic.reserve(600_000_000_000)
        let old = traffic.takeRequest()!
        traffic.now += 120_000_000
        #expect(traffic.reserve(Traffic.limit - 5))
        traffic.settle(old, spending: 5)
        #expect(traffic.finding.reserved.whole == Traffic.limit - 5)
        #expect(traffic.finding.spent.whole == 5)
        #expect(!traffic.reserve(1))
    }

    @Test("a request that costs more than was expected is charged all the same")
    func overrun() {
        let traffic = Traffic(seed: 3)
        traffic.reserve(10)
        let request = traffic.takeRequest()!
        traffic.settle(request, spending: Traffic.limit * 3 + 7)
        #expect(traffic.finding.spent.whole == Traffic.limit * 3 + 7)
        #expect(!traffic.reserve(0))
    }

    @Test("of two records that have drifted apart the more used up counts", arguments: 0..<50)
    func merge(seed: Int) {
        let traffic = Traffic(seed: seed)
        for _ in 0..<20 { traffic.reserve(.random(in: 0...1_000_000_000, using: &traffic.random)) }
        var records = [traffic.record, traffic.record]
        for index in 0..<30 {
            traffic.now += Int64.random(in: 0...10_000_000, using: &traffic.random)
            let own = index % 2
            swap(&traffic.record, &records[own])
            if Bool.random(using: &traffic.random), let request = traffic.takeRequest() {
                traffic.settle(
                    request, spending: .random(in: 0...1_000_000_000, using: &traffic.random))
            } else {
                traffic.reserve(.random(in: 0...1_000_000_000, using: &traffic.random))
            }
            swap(&traffic.record, &records[own])
        }
        let merged = records[0].merged(with: records[1])
        #expect(merged == records[1].merged(with: records[0]))
        #expect(merged == merged.merged(with: records[0]))
        traffic.record = merged
        let both = traffic.finding
        for record in records {
            traffic.record = record
            #expect(both.spent >= traffic.finding.spent)
            #expect(both.reserved >= traffic.finding.reserved)
        }
    }

    @Test("a record outlives its period by as long as a request may still end")
    func lifetime() {
        let now = WallTime(rfc3339: "2026-02-28T23:59:58Z")!
        let arguments = BudgetArguments(
            reserving: .zero, limit: .zero, in: BudgetPeriod(.day, around: now),
            timeout: .seconds(900), now: now)
        var words = [Double](repeating: 0, count: BudgetProgram().recordSize)
        func lifetime(_ arguments: BudgetArguments) -> Double {
            var record = words.mutableSpan
            return BudgetProgram().run(&record, arguments.words, now: 0).lifetime
        }
        #expect(lifetime(arguments) == 902_000_000)
        let late = WallTime(microseconds: now.microseconds + 86_400_000_000)
        #expect(lifetime(arguments.settled(spending: .zero, now: late)) == 1_000_000)
    }
}
