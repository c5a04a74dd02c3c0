import PluginAPI
import Testing

@testable import Proxy

@Suite("A choice among targets")
struct TargetBalancerTests {
    private static let balances: [Balance] = [.roundRobin, .leastRequests, .random]

    private func settings(
        _ slowStart: Duration = .zero,
        _ change: (inout PassiveHealthConfiguration) -> Void = { _ in }
    ) -> HealthConfiguration {
        var passive = PassiveHealthConfiguration()
        change(&passive)
        return HealthConfiguration(
            passive: passive, active: ActiveHealthConfiguration(path: "/"), slowStart: slowStart)
    }

    // MARK: - All are well

    @Test("targets take turns")
    func roundRobin() {
        #expect(BalancedUpstream(weights: [1, 1, 1]).sequence(7) == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test(
        "weights are spread out as nginx spreads them",
        arguments: [
            ([5, 1, 1], [0, 0, 1, 0, 2, 0, 0]), ([2, 1], [0, 1, 0]), ([1, 2], [1, 0, 1]),
            ([4, 2, 1], [0, 1, 0, 2, 0, 1, 0]), ([1, 1, 3], [2, 0, 2, 1, 2]),
        ])
    func smooth(_ weights: [Int], _ turn: [Int]) {
        #expect(
            BalancedUpstream(weights: weights).sequence(turn.count * 3) == turn + turn + turn)
    }

    @Test("in each cycle every target has as many turns as its weight says, whatever the weights")
    func exactCycles() {
        var random = Randomness(seed: 5)
        for _ in 0..<100 {
            let weights = (0..<Int.random(in: 2...8, using: &random)).map { _ in
                Int.random(in: 1...50, using: &random)
            }
            let upstream = BalancedUpstream(weights: weights)
            for _ in 0..<3 {
                let cycle = upstream.sequence(weights.reduce(0, +))
                #expect(weights.indices.map { i in cycle.count { $0 == i } } == weights)
            }
        }
    }

    @Test("least requests goes where least is under way, by weight")
    func leastRequests() throws {
        let even = BalancedUpstream(weights: [1, 1, 1], .leastRequests)
        let choices = try (0..<3).map { _ in try #require(even.choose()) }
        #expect(Set(choices.map(\.index)) == [0, 1, 2])
        even.end(choices[1])
        #expect(even.choose()?.index == choices[1].index)
        even.end(choices[2])
        even.end(choices[2])
        #expect(even.sequence(2) == [choices[2].index, choices[2].index])

        let chosen = BalancedUpstream(weights: [3, 1], .leastRequests).sequence(40)
        #expect(chosen.count { $0 == 0 } == 30)
    }

    @Test("least requests counts those of all workers")
    func leastRequestsOfAll() throws {
        let one = BalancedUpstream(weights: [1, 1], .leastRequests)
        let other = TargetBalancer(one.upstream)
        let first = try #require(one.choose())
        let chosen = other.choose(except: [], at: one.now)
        let second = try #require(chosen)
        #expect(second.index != first.index)
        other.ended(second, .answered(200), at: one.now)
        #expect(one.choose()?.index == second.index)
    }

    @Test("of targets that are equally busy each has its turn")
    func leastRequestsTies() {
        let chosen = BalancedUpstream(weights: [1, 1, 1], .leastRequests).turns(6)
        #expect(chosen == [0, 1, 2, 0, 1, 2])
    }

    @Test("chance keeps to the weights")
    func random() {
        let count = 20_000
        let first = BalancedUpstream(weights: [3, 1], .random).sequence(count).count { $0 == 0 }
        // Six standard deviations to either side.
        #expect(abs(first - count * 3 / 4) < 370)
    }

    // MARK: - Those that have been tried

    @Test(
        "what could not be reached is not tried again, and all others are, ejected or not",
        arguments: balances, [false, true])
    func others(_ balance: Balance, _ ejected: Bool) {
        for _ in 0..<20 {
            let upstream = BalancedUpstream(weights: [5, 1, 2], balance, settings())
            if ejected { upstream.eject(2) }
            var tried: [Int] = []
            while let choice = upstream.choose(except: tried) {
                #expect(!tried.contains(choice.index))
                upstream.end(choice, .unknown)
                tried.append(choice.index)
            }
            #expect(tried.sorted() == [0, 1, 2])
            #expect(!ejected || tried.last == 2)
        }
    }

    @Test("a single target is tried once")
    func single() {
        let upstream = BalancedUpstream(weights: [1])
        #expect(upstream.choose() == TargetChoice(index: 0, trial: 0))
        #expect(upstream.choose(except: [0]) == nil)
    }

    @Test("failures of one target leave the turns of the others as they were")
    func turnsAfterFailure() {
        let upstream = BalancedUpstream(weights: [1, 1, 1])
        for _ in 0..<9 where upstream.choose()?.index == 0 { _ = upstream.choose(except: [0]) }
        let chosen = upstream.sequence(300)
        for index in 0..<3 { #expect(abs(chosen.count { $0 == index } - 100) <= 2) }
    }

    // MARK: - Those that are out

    @Test("an ejected target gets nothing, and the others share by weight", arguments: balances)
    func ejected(_ balance: Balance) {
        let upstream = BalancedUpstream(weights: [2, 1, 4], balance, settings())
        upstream.eject(2)
        let chosen = upstream.turns(3000)
        #expect(!chosen.contains(2))
        let share = chosen.count { $0 == 0 }
        #expect(balance == .random ? abs(share - 2000) < 160 : share == 2000)
    }

    @Test("another worker's ejection is known with the next request")
    func otherWorkers() {
        let upstream = BalancedUpstream(weights: [1, 1], .roundRobin, settings())
        let other = TargetBalancer(upstream.upstream)
        let first = (0..<2).map { _ in other.choose(except: [], at: upstream.now)?.index }
        #expect(first == [0, 1])
        upstream.eject(0)
        let then = (0..<4).map { _ in other.choose(except: [], at: upstream.now)?.index }
        #expect(then == [1, 1, 1, 1])
    }

    @Test("when all fail their checks all are used, and one that is only ejected before them")
    func panic() {
        let upstream = BalancedUpstream(weights: [1, 1, 1], .roundRobin, settings())
        upstream.eject(2)
        for _ in 0..<3 {
            upstream.check(0, "no")
            upstream.check(1, "no")
        }
        #expect(upstream.upstream.report(at: upstream.now).isInPanic)
        #expect(upstream.turns(4) == [2, 2, 2, 2])
        for _ in 0..<3 { upstream.check(2, "no") }
        #expect(Set(upstream.turns(3)) == [0, 1, 2])
        for _ in 0..<2 { upstream.check(1) }
        #expect(upstream.turns(3) == [1, 1, 1])
    }

    // MARK: - The return

    @Test("of all requests after an ejection's end one is the trial", arguments: balances)
    func trial(_ balance: Balance) throws {
        let upstream = BalancedUpstream(weights: [1, 1, 1], balance, settings())
        upstream.eject(1)
        upstream.passes(.seconds(10))
        let trial = try #require(upstream.choose())
        #expect(trial.index == 1 && trial.trial == 1)
        #expect(!upstream.turns(100).contains(1))
        upstream.end(trial)
        #expect(upstream.turns(300).count { $0 == 1 } > 50)
    }

    @Test("one worker's trial is all workers' trial")
    func oneTrial() throws {
        let upstream = BalancedUpstream(weights: [1, 1], .roundRobin, settings())
        let other = TargetBalancer(upstream.upstream)
        upstream.eject(0)
        upstream.passes(.seconds(10))
        let choice = other.choose(except: [], at: upstream.now)
        #expect(choice == TargetChoice(index: 0, trial: 1))
        #expect(upstream.sequence(5) == [1, 1, 1, 1, 1])
    }

    @Test("a trial passes with the head, and what follows counts like any other request")
    func head() throws {
        let upstream = BalancedUpstream(
            weights: [1, 1], .roundRobin, settings { $0.consecutiveFailures = 2 })
        upstream.eject(0)
        upstream.passes(.seconds(10))
        let trial = try #require(upstream.choose())
        upstream.balancer.headArrived(200, from: trial, at: upstream.now)
        #expect(upstream.share(of: 0) == 100)
        upstream.end(trial, .failed("it broke"))
        #expect(upstream.share(of: 0) == 100)
        let next = try #require([upstream.choose(), upstream.choose()].first { $0?.index == 0 })
        upstream.end(try #require(next), .failed("it broke"))
        #expect(upstream.share(of: 0) == 0)
    }

    @Test("a failed trial ejects again, by the head already or at the end")
    func failedTrial() throws {
        let upstream = BalancedUpstream(weights: [1, 1], .roundRobin, settings())
        upstream.eject(0)
        upstream.passes(.seconds(10))
        let first = try #require(upstream.choose())
        upstream.balancer.headArrived(503, from: first, at: upstream.now)
        upstream.end(first, .answered(503))
        upstream.passes(.seconds(19))
        #expect(upstream.turns(5) == [1, 1, 1, 1, 1])
        upstream.passes(.seconds(1))
        #expect(upstream.choose() == TargetChoice(index: 0, trial: 2))
    }

    @Test("a trial that tells nothing is left to the next request")
    func unknownTrial() throws {
        let upstream = BalancedUpstream(weights: [1, 1], .roundRobin, settings())
        upstream.eject(0)
        upstream.passes(.seconds(10))
        for _ in 0..<3 {
            let trial = try #require(upstream.choose())
            #expect(trial == TargetChoice(index: 0, trial: 1))
            #expect(upstream.choose()?.index == 1)
            upstream.end(trial, .unknown)
        }
        upstream.end(try #require(upstream.choose()))
        #expect(upstream.share(of: 0) == 100)
    }

    @Test("in a slow start the turns grow with the share, without a burst at its beginning")
    func slowStart() {
        let upstream = BalancedUpstream(weights: [1, 1, 1], .roundRobin, settings(.seconds(10)))
        upstream.eject(2)
        upstream.passes(.seconds(10))
        // The trial.
        #expect(upstream.turns(1) == [2])
        let first = upstream.turns(21)
        #expect(first.count { $0 == 2 } == 1)
        var before = 0
        for second in 1...10 {
            upstream.passes(.seconds(1))
            let count = upstream.turns(2000 + second * 100).count { $0 == 2 }
            // As many as its share says, in hundredths of a weight.
            #expect(abs(count - max(second, 1) * 100) <= 1)
            #expect(count >= before)
            before = count
        }
        #expect(upstream.turns(6).count { $0 == 2 } == 2)
    }

    @Test("in a slow start an idle target is not taken for the least busy one")
    func slowStartOfLeastRequests() {
        let upstream = BalancedUpstream(weights: [1, 1], .leastRequests, settings(.seconds(100)))
        upstream.eject(1)
        upstream.passes(.seconds(10))
        #expect(upstream.turns(1) == [1])
        #expect(upstream.sequence(110).count { $0 == 1 } == 10)
    }

    // MARK: - What is counted

    @Test("every request that begins at a target ends there, however it does", arguments: balances)
    func counts(_ balance: Balance) {
        var random = Randomness(seed: 9)
        let upstream = BalancedUpstream(
            weights: [3, 1, 2], balance, settings(.seconds(3)) { $0.consecutiveFailures = 2 })
        var open: [TargetChoice] = []
        for _ in 0..<5000 {
            if Bool.random(using: &random), let choice = upstream.choose() { open.append(choice) }
            if let choice = open.randomElement(using: &random), Bool.random(using: &random) {
                open.remove(at: open.firstIndex(of: choice)!)
                let ending: AttemptEnding =
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: .unknown
                    case 1: .failed("it broke")
                    case 2: .answered(503)
                    default: .answered(200)
                    }
                upstream.end(choice, ending)
            }
            upstream.passes(.milliseconds(Int.random(in: 0...500, using: &random)))
            let report = upstream.upstream.report(at: upstream.now)
            #expect(report.targets.map(\.requestsInFlight).reduce(0, +) == open.count)
            #expect(report.targets.contains { $0.share > 0 })
        }
    }
}
