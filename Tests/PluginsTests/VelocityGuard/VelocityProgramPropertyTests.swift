import PluginAPI
import Testing

@testable import Plugins

/// Judges with everything in memory that has happened since the mode last changed.
private struct Reference {
    let window, part, cooldown, threshold, recoverBelow, minimum, handOver: Double
    private var history: [(time: Double, successes: Int, failures: Int)] = []
    private var started: Double?
    private var changed = 0.0

    init(_ rules: VelocityArguments.Rules) {
        window = rules.window
        part = rules.window / 12
        cooldown = rules.cooldown
        threshold = rules.threshold
        recoverBelow = rules.recoverBelow
        minimum = rules.minimumRequests
        handOver = rules.handOver
    }

    private func counts(since time: Double) -> (total: Double, failures: Double) {
        let counted = history.filter { $0.time >= time }
        let failures = counted.reduce(0) { $0 + $1.failures }
        return (Double(counted.reduce(failures) { $0 + $1.successes }), Double(failures))
    }

    /// How far back the window reaches: to where a part begins, eleven before the present one.
    func reach(_ now: Double) -> Double { ((now / part).rounded(.down) - 11) * part }

    /// - Returns: whether the mode is on after this.
    mutating func take(_ successes: Int, _ failures: Int, now: Double) -> Bool {
        var hasJustEnded = false
        if let started, now >= started + cooldown {
            self.started = nil
            history = []
            changed = started + cooldown
            hasJustEnded = true
        }
        if now >= changed + handOver { history.append((now, successes, failures)) }
        if let started {
            // Every time that begins where a part does, or with the mode, the shortest first.
            let beginnings = (0..<12).map {
                max(started, ((now / part).rounded(.down) - Double($0)) * part)
            }
            let judged = beginnings.first {
                now - $0 >= window / 2 && counts(since: $0).total >= minimum / 4
            }
            if let judged,
                counts(since: judged).failures / counts(since: judged).total
                    < recoverBelow
            {
                self.started = nil
                history = []
                changed = now
            }
        } else if !hasJustEnded {
            let counts = counts(since: reach(now))
            if counts.total >= minimum, counts.failures / counts.total >= threshold {
                started = now
                history = []
                changed = now
            }
        }
        return started != nil
    }
}

@Suite("The velocity record, against a reference that remembers everything")
struct VelocityProgramPropertyTests {
    @Test("the decision is the same after every step", arguments: 0..<60)
    func sameDecision(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let second = 1_000_000.0
        let rules = VelocityArguments.Rules(
            threshold: [0.1, 0.25, 0.5].randomElement(using: &random)!,
            recoverBelow: [0.0, 0.04, 0.09].randomElement(using: &random)!,
            minimumRequests: [1, 20, 100].randomElement(using: &random)!,
            window: [12, 60, 600].randomElement(using: &random)! * second,
            cooldown: [5, 60, 180].randomElement(using: &random)! * second,
            handOver: second / 2)
        var record = VelocityRecord()
        var reference = Reference(rules)
        var now = 1_767_225_600 * second
        var starts = 0
        var wasOn = false
        for step in 0..<1440 {
            // Hours of health and of sickness, busy and quiet, and sometimes nobody there.
            let share = [0.0, 0.02, 0.2, 0.9][step / 60 % 4]
            let count = Int.random(in: 0...[1, 8, 30][step / 240 % 3], using: &random)
            let failures = (0..<count).count { _ in
                Double.random(in: 0..<1, using: &random) < share
            }
            now += second / 2
            if Int.random(in: 0..<200, using: &random) == 0 { now += rules.window }
            let finding = record.take(
                VelocityCounts(
                    success: Double(count - failures), failures: Double(failures)), rules, now: now)
            let isOn = reference.take(count - failures, failures, now: now)
            #expect((finding.mode == .on) == isOn, "step \(step)")
            guard (finding.mode == .on) == isOn else { return }
            #expect(finding.isNews == (isOn != wasOn), "step \(step)")
            if isOn, !wasOn {
                starts += 1
                let reach = now - reference.reach(now)
                #expect(reach >= rules.window * 11 / 12 && reach < rules.window)
                #expect(finding.cause.total >= rules.minimumRequests)
                #expect(finding.cause.share >= rules.threshold)
            }
            wasOn = isOn
        }
        #expect(starts > 0)
    }

    @Test("it does not matter which replica hands over what", arguments: 0..<20)
    func anyReplica(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let second = 1_000_000.0
        let rules = VelocityArguments.Rules(
            threshold: 0.25, recoverBelow: 0.1, minimumRequests: 50, window: 12 * second,
            cooldown: 20 * second, handOver: second / 2)
        var (shared, whole) = (VelocityRecord(), VelocityRecord())
        for step in 0..<600 {
            let now = (1_767_225_600 + Double(step)) * second
            let counts = (0..<3).map { _ in
                let failures = Int.random(in: 0...(step / 50 % 2 == 0 ? 0 : 6), using: &random)
                return VelocityCounts(success: 5, failures: Double(failures))
            }
            // Two hand over a little before the third, within the same part of the window.
            let findings = counts.enumerated().map { index, counts in
                shared.take(counts, rules, now: now + Double(index))
            }
            let total = VelocityCounts(
                success: 15, failures: counts.reduce(0) { $0 + $1.failures })
            let finding = whole.take(total, rules, now: now + 2)
            // One that ends or starts in the middle leaves the others' counts to what comes after.
            if findings.contains(where: \.isNews) || finding.isNews {
                shared = VelocityRecord()
                whole = VelocityRecord()
            } else {
                #expect(shared == whole)
            }
        }
    }
}
