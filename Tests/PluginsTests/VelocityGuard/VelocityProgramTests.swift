import PluginAPI
import Testing

@testable import Plugins

@Suite("The velocity record")
struct VelocityProgramTests {
    private static let second = 1_000_000.0
    /// Parts of five seconds, on a clock that counts from 1970.
    private static let rules = VelocityArguments.Rules(
        threshold: 0.25, recoverBelow: 0.1, minimumRequests: 100, window: 60 * second,
        cooldown: 180 * second, handOver: second / 2)
    private static let beginning = 1_767_225_600 * second

    @Test(
        "a share that is just the threshold starts it, as people write both",
        arguments: 1...100)
    func exactShare(failures: Int) {
        var rules = Self.rules
        rules.threshold = Double("0.\(failures < 10 ? "0" : "")\(failures)") ?? 0
        if failures == 100 { rules.threshold = 1 }
        var record = VelocityRecord()
        let before = record.take(
            VelocityCounts(success: 101 - Double(failures), failures: Double(failures) - 1), rules,
            now: Self.beginning)
        #expect(before.mode == .off)
        record = VelocityRecord()
        let at = record.take(
            VelocityCounts(success: 100 - Double(failures), failures: Double(failures)), rules,
            now: Self.beginning)
        #expect(at.mode == .on)
        #expect(at.isNews)
    }

    @Test(
        "what was counted is in the window for more than eleven twelfths of it, and never longer",
        arguments: Array(stride(from: 0.0, to: 5, by: 0.25)))
    func reach(offset: Double) {
        let moment = Self.beginning + offset * Self.second
        for (age, isIn) in [(0.0, true), (55, true), (60, false), (61, false), (600, false)] {
            var record = VelocityRecord()
            record.take(VelocityCounts(success: 3, failures: 1), Self.rules, now: moment)
            let finding = record.take(
                VelocityCounts(), Self.rules, now: moment + age * Self.second)
            #expect(finding.window.total == (isIn ? 4 : 0), "after \(age) s")
        }
    }

    @Test("the mode is on for the cooldown to the microsecond, and its end is news once")
    func cooldown() {
        var record = VelocityRecord()
        record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: Self.beginning)
        let end = Self.beginning + Self.rules.cooldown
        let last = record.take(VelocityCounts(), Self.rules, now: end - 1)
        #expect(last.mode == .on)
        #expect(last.remaining == 1)
        let ended = record.take(VelocityCounts(), Self.rules, now: end + 7)
        #expect(ended.mode == .cooledDown)
        #expect(ended.isNews)
        #expect(ended.lasted == Self.rules.cooldown)
        let after = record.take(VelocityCounts(), Self.rules, now: end + 8)
        #expect(after.mode == .cooledDown)
        #expect(!after.isNews)
        #expect(after.started == Self.beginning)
    }

    @Test("what was counted before a change, and is handed over after it, is dropped")
    func lateCounts() {
        let all = VelocityCounts(success: 0, failures: 1000)
        var record = VelocityRecord()
        let start = Self.beginning
        record.take(all, Self.rules, now: start)
        func window(_ counts: VelocityCounts, after seconds: Double) -> Double {
            record.take(counts, Self.rules, now: start + seconds * Self.second).window.total
        }
        #expect(window(all, after: 0.49) == 0, "another replica's share of the start")
        #expect(window(VelocityCounts(success: 1, failures: 0), after: 0.5) == 1)
        #expect(window(all, after: 180) == 0, "the last of the cooldown")
        #expect(window(all, after: 180.49) == 0)
        #expect(window(all, after: 180.5) == 1000)
    }

    @Test("a clock that is put back neither keeps the mode on nor the failures from being counted")
    func clockPutBack() {
        var record = VelocityRecord()
        record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: Self.beginning)
        let earlier = Self.beginning - 3600 * Self.second
        #expect(
            record.take(VelocityCounts(), Self.rules, now: earlier).remaining
                == Self.rules.cooldown)
        let end = earlier + Self.rules.cooldown
        #expect(record.take(VelocityCounts(), Self.rules, now: end).mode == .cooledDown)
        let again = record.take(
            VelocityCounts(success: 0, failures: 100), Self.rules, now: end + Self.second)
        #expect(again.mode == .on)
    }

    @Test("a cooldown that has been made shorter holds for a mode that is on")
    func shorterCooldown() {
        var record = VelocityRecord()
        record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: Self.beginning)
        var rules = Self.rules
        rules.cooldown = 10 * Self.second
        let finding = record.take(VelocityCounts(), rules, now: Self.beginning + 1)
        #expect(finding.remaining == rules.cooldown)
    }

    @Test(
        "failures that go on keep it from ending early until they have stopped for half the window")
    func recovery() {
        var record = VelocityRecord()
        record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: Self.beginning)
        var ended: Double?
        for second in 1..<180 where ended == nil {
            let counts =
                second <= 60
                ? VelocityCounts(success: 5, failures: 5) : VelocityCounts(success: 5, failures: 0)
            let finding = record.take(
                counts, Self.rules, now: Self.beginning + Double(second) * Self.second)
            if finding.mode == .recovered { ended = Double(second) - 60 }
        }
        // The part in which they stopped is judged as a whole.
        #expect((30.0...40).contains(ended ?? 0), "\(ended ?? 0)")
    }

    @Test("a rare failure does not keep a healthy upstream's mode on")
    func rareFailures() {
        var record = VelocityRecord()
        record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: Self.beginning)
        var finding: VelocityFinding?
        for second in 1...30 {
            let counts = VelocityCounts(success: 2, failures: second % 7 == 0 ? 1 : 0)
            finding = record.take(
                counts, Self.rules, now: Self.beginning + Double(second) * Self.second)
        }
        #expect(finding?.mode == .recovered)
    }

    @Test("the earliest end is half a window after the start, whatever the clock's parts")
    func earliestEnd() {
        for offset in stride(from: 0.0, to: 5, by: 0.5) {
            let start = Self.beginning + offset * Self.second
            var record = VelocityRecord()
            record.take(VelocityCounts(success: 0, failures: 100), Self.rules, now: start)
            record.take(
                VelocityCounts(success: 100, failures: 0), Self.rules, now: start + Self.second)
            let half = start + 30 * Self.second
            #expect(record.take(VelocityCounts(), Self.rules, now: half - 1).mode == .on)
            #expect(record.take(VelocityCounts(), Self.rules, now: half).mode == .recovered)
        }
    }

    // MARK: After an outage

    /// After all that happens to `records`.
    private static let latest = beginning + 300 * second

    /// Records as random replicas would have left them.
    private static func records(_ random: inout SplitMix64, count: Int) -> [VelocityRecord] {
        (0..<count).map { _ in
            var record = VelocityRecord()
            var now = beginning + Double.random(in: 0...200, using: &random) * second
            for _ in 0..<Int.random(in: 0..<40, using: &random) {
                now += Double(Int.random(in: 0..<12, using: &random)) * second
                if now > latest { break }
                let share = [0.0, 0.2, 0.9].randomElement(using: &random)!
                record.take(
                    VelocityCounts(success: 60 * (1 - share), failures: 60 * share), rules, now: now
                )
            }
            return record
        }
    }

    @Test(
        "merging is commutative, associative and idempotent, and a new record adds nothing",
        arguments: 0..<50)
    func mergeLaws(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let records = Self.records(&random, count: 3)
        let (a, b, c) = (records[0], records[1], records[2])
        #expect(a.merged(with: b) == b.merged(with: a))
        #expect(a.merged(with: b).merged(with: c) == a.merged(with: b.merged(with: c)))
        #expect(a.merged(with: a) == a)
        #expect(a.merged(with: b).merged(with: b) == a.merged(with: b))
        #expect(a.merged(with: VelocityRecord()) == a)
    }

    @Test("the mode is on in the merged record as long as in either", arguments: 0..<50)
    func mergeKeepsMode(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let records = Self.records(&random, count: 2)
        let merged = records[0].merged(with: records[1])
        var rules = Self.rules
        rules.recoverBelow = 0
        rules.minimumRequests = .infinity
        func remaining(_ record: VelocityRecord) -> Double {
            var record = record
            return record.take(VelocityCounts(), rules, now: Self.latest).remaining
        }
        #expect(remaining(merged) == max(remaining(records[0]), remaining(records[1])))
    }

    @Test("what two have counted of the same time is at least what either has")
    func mergeKeepsCounts() {
        var (a, b) = (VelocityRecord(), VelocityRecord())
        a.take(VelocityCounts(success: 5, failures: 30), Self.rules, now: Self.beginning)
        b.take(VelocityCounts(success: 50, failures: 2), Self.rules, now: Self.beginning)
        var merged = a.merged(with: b)
        let finding = merged.take(VelocityCounts(), Self.rules, now: Self.beginning + 1)
        #expect(finding.window[.success] == 50)
        #expect(finding.window[.status503] == 30)
    }
}
