import PluginAPI

/// One worker's choice among an upstream's targets: by turns, by load or by chance, and by health.
///
/// It chooses by a picture of the targets' health that it renews when that has changed. So a request costs
/// one look at a number that all workers share, and a few steps for each target.
final class TargetBalancer {
    private let upstream: Upstream
    private let healths: [TargetHealth]
    private var shares: ContiguousArray<Share>
    /// Of the picture.
    private var revision = 0
    /// When shares change by themselves.
    private var renewal = MonotonicTime(nanoseconds: .max)
    private var hasTrials = false
    private var random = QuickRandom()

    /// One target as it is chosen. Weights are in hundredths, so that a returning target can have less than 1.
    private struct Share {
        let fullWeight: Int
        var weight: Int
        var passesChecks = true
        /// The number of the trial that is due; 0 for none.
        var trial = 0
        /// Smooth weighted round robin, as in nginx: the targets with weights 5, 1, 1 take turns as
        /// a a b a c a a, not as five of one in a row.
        var credit = 0
        /// As it was when it was last looked at.
        var load = 0
    }

    /// Who may be chosen. When there is nobody, the next holds.
    private enum Candidates: CaseIterable {
        case usable
        /// An ejected target is more likely to serve than one that fails its checks.
        case passingChecks
        case all
    }

    init(_ upstream: Upstream) {
        self.upstream = upstream
        healths = upstream.targets.map { target in
            // One that is configured no more has a health of its own, for the requests that still go there.
            upstream.health.target(target.address)
                ?? TargetHealth(target.address, failures: Counter())
        }
        shares = ContiguousArray(
            upstream.targets.map {
                let weight = $0.weight * HealthTable.fullShare
                return Share(fullWeight: weight, weight: weight)
            })
    }

    // MARK: - Choosing

    /// The target for a request, other than those it has failed to reach; nil when there is none.
    func choose(except tried: [Int], at now: MonotonicTime) -> TargetChoice? {
        if shares.count == 1 { return tried.isEmpty ? started(0) : nil }
        if upstream.health.revision != revision || now >= renewal { renew(at: now) }
        if hasTrials, let choice = takeTrial(except: tried) { return choice }
        for candidates in Candidates.allCases {
            if let index = pick(candidates, except: tried) { return started(index) }
        }
        return nil
    }

    private func pick(_ candidates: Candidates, except tried: [Int]) -> Int? {
        switch upstream.balance {
        case .roundRobin: turn(candidates, except: tried)
        case .leastRequests: leastBusy(candidates, except: tried)
        case .random: chance(candidates, except: tried)
        }
    }

    /// 0 when it is not to be chosen.
    private func weight(_ index: Int, _ candidates: Candidates, except tried: [Int]) -> Int {
        let share = shares[index]
        if !tried.isEmpty, tried.contains(index) { return 0 }
        return switch candidates {
        case .usable: share.weight
        case .passingChecks: share.passesChecks ? share.fullWeight : 0
        case .all: share.fullWeight
        }
    }

    /// - Parameter load: only among those that are as busy as this one.
    private func turn(
        _ candidates: Candidates, except tried: [Int], asBusyAs other: Int? = nil
    ) -> Int? {
        var best: Int?
        var total = 0
        for index in shares.indices {
            let weight = weight(index, candidates, except: tried)
            guard weight > 0 else { continue }
            if let other, isLessBusy(other, index, candidates, tried) { continue }
            shares[index].credit += weight
            total += weight
            if best == nil || shares[index].credit > shares[best!].credit { best = index }
        }
        if let best { shares[best].credit -= total }
        return best
    }

    /// Busy in proportion to its weight. Among equals the turn decides, or quiet times would send
    /// everything to the first.
    private func leastBusy(_ candidates: Candidates, except tried: [Int]) -> Int? {
        var least: Int?
        for index in shares.indices where weight(index, candidates, except: tried) > 0 {
            shares[index].load = healths[index].requestsInFlight
            if least == nil || isLessBusy(index, least!, candidates, tried) { least = index }
        }
        return least.flatMap { turn(candidates, except: tried, asBusyAs: $0) }
    }

    private func isLessBusy(_ one: Int, _ other: Int, _ candidates: Candidates, _ tried: [Int])
        -> Bool
    {
        shares[one].load * weight(other, candidates, except: tried)
            < shares[other].load * weight(one, candidates, except: tried)
    }

    private func chance(_ candidates: Candidates, except tried: [Int]) -> Int? {
        var total = 0
        for index in shares.indices { total += weight(index, candidates, except: tried) }
        guard total > 0 else { return nil }
        var draw = Int.random(in: 0..<total, using: &random)
        return shares.indices.first { index in
            draw -= weight(index, candidates, except: tried)
            return draw < 0
        }
    }

    /// The first request after an ejection's end finds out whether the target serves again.
    private func takeTrial(except tried: [Int]) -> TargetChoice? {
        for index in shares.indices where shares[index].trial != 0 && !tried.contains(index) {
            let number = shares[index].trial
            // Looked at first, so that a trial under way costs the others no write.
            guard healths[index].trialIsFree(number), healths[index].takeTrial(number) else {
                continue
            }
            healths[index].requestBegins()
            return TargetChoice(index: index, trial: number)
        }
        return nil
    }

    private func started(_ index: Int) -> TargetChoice {
        healths[index].requestBegins()
        return TargetChoice(index: index, trial: 0)
    }

    private func renew(at now: MonotonicTime) {
        upstream.health.look(at: now) { table in
            revision = table.revision
            renewal = table.nextChange(after: now) ?? MonotonicTime(nanoseconds: .max)
            hasTrials = false
            for index in shares.indices {
                let address = healths[index].address
                guard let target = table.targets.first(where: { $0.address == address }) else {
                    continue
                }
                let weight = shares[index].fullWeight / HealthTable.fullShare
                // What it was owed when it went is not due any more.
                if shares[index].weight == 0 { shares[index].credit = 0 }
                shares[index].weight = weight * table.share(of: target, at: now)
                shares[index].passesChecks = !target.failsChecks
                shares[index].trial = target.trial
                if target.trial != 0 { hasTrials = true }
            }
        }
    }

    // MARK: - What becomes of it

    /// The head of the chosen target's answer is there.
    func headArrived(_ status: Int, from choice: TargetChoice, at now: MonotonicTime) {
        guard choice.trial != 0 else { return }
        upstream.health.headArrived(
            status, from: healths[choice.index], trial: choice.trial, by: upstream, at: now)
    }

    /// The request that was sent to the chosen target has ended there.
    func ended(_ choice: TargetChoice, _ ending: AttemptEnding, at now: MonotonicTime) {
        let health = healths[choice.index]
        health.requestEnds()
        upstream.health.report(ending, of: health, trial: choice.trial, by: upstream, at: now)
    }
}

/// The target that a request goes to.
struct TargetChoice: Equatable {
    /// Among the upstream's.
    let index: Int
    /// The number of the trial that this request is; 0 for none.
    let trial: Int
}
