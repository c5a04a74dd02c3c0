import PluginAPI
import Testing

@testable import Proxy

@Suite("The health of targets")
struct HealthTableTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private let cause = EjectionCause(kind: .consecutiveFailures, detail: "5 failures in a row")
    private let trialCause = EjectionCause(kind: .trial, detail: "it failed")
    private let a = BalancedUpstream.address(0)
    private let b = BalancedUpstream.address(1)
    private let c = BalancedUpstream.address(2)

    private func settings(
        slowStart: Duration = .seconds(30), active: ActiveHealthConfiguration? = nil,
        _ change: (inout PassiveHealthConfiguration) -> Void = { _ in }
    ) -> HealthConfiguration {
        var passive = PassiveHealthConfiguration()
        change(&passive)
        return HealthConfiguration(passive: passive, active: active, slowStart: slowStart)
    }

    private func table(_ settings: HealthConfiguration, of count: Int = 3) -> HealthTable {
        HealthTable((0..<count).map(BalancedUpstream.address), settings)
    }

    private func seconds(_ seconds: Int) -> MonotonicTime { start + .seconds(seconds) }

    private func shares(_ table: HealthTable, at now: MonotonicTime) -> [Int] {
        table.targets.map { table.share(of: $0, at: now) }
    }

    private func states(_ table: HealthTable) -> [TargetStanding.State] {
        table.targets.map(\.state)
    }

    // MARK: - An ejection

    @Test(
        "an ejection lasts its time, then comes the trial, then the slow start, then all is as before"
    )
    func life() {
        var table = self.table(settings())
        #expect(
            table.eject(a, cause, at: start) == [.ejected(a, cause, for: .seconds(10))])
        #expect(shares(table, at: start) == [0, 100, 100])
        #expect(table.targets[0].reason == "5 failures in a row")
        #expect(table.nextChange(after: start) == seconds(10))

        #expect(table.advance(to: start + .milliseconds(9999)) == [])
        #expect(table.targets[0].state == .ejected(until: seconds(10)))
        #expect(table.advance(to: seconds(10)) == [])
        #expect(table.targets[0].state == .trial && table.targets[0].trial == 1)
        #expect(shares(table, at: seconds(10)) == [0, 100, 100])

        #expect(table.endTrial(1, of: a, failure: nil, at: seconds(12)) == [.returned(a)])
        #expect(shares(table, at: seconds(12)) == [10, 100, 100])
        #expect(shares(table, at: seconds(27)) == [50, 100, 100])
        _ = table.advance(to: seconds(41))
        #expect(table.targets[0].state == .returning)
        _ = table.advance(to: seconds(42))
        #expect(states(table) == [.up, .up, .up])
        #expect(table.nextChange(after: seconds(42)) == nil)
    }

    @Test("without a slow start a target has its whole share at once")
    func noSlowStart() {
        var table = self.table(settings(slowStart: .zero))
        _ = table.eject(a, cause, at: start)
        _ = table.advance(to: seconds(10))
        _ = table.endTrial(1, of: a, failure: nil, at: seconds(10))
        #expect(states(table) == [.up, .up, .up])
        #expect(shares(table, at: seconds(10)) == [100, 100, 100])
    }

    @Test(
        "the share grows from a tenth to the whole and never shrinks on the way",
        arguments: [1, 7, 30, 3600])
    func monotone(_ length: Int) {
        var table = self.table(settings(slowStart: .seconds(length)))
        _ = table.eject(b, cause, at: start)
        _ = table.advance(to: seconds(10))
        _ = table.endTrial(1, of: b, failure: nil, at: seconds(10))
        var now = seconds(10)
        var before = 0
        var seen: [Int] = []
        while table.targets[1].state == .returning {
            let share = shares(table, at: now)[1]
            #expect(share >= before && (10...100).contains(share))
            before = share
            seen.append(share)
            now = table.nextChange(after: now)!
            _ = table.advance(to: now)
        }
        #expect(seen.first == 10 && seen.last! >= 98)
        #expect(shares(table, at: now) == [100, 100, 100])
        // It is looked at about a hundred times, however long it takes.
        #expect((95...105).contains(seen.count))
    }

    @Test("ejections in a row last twice as long each time, up to a bound")
    func growth() {
        var table = self.table(settings { $0.ejectForAtMost = .seconds(65) })
        var lengths: [Int] = []
        var now = start
        var changes = table.eject(a, cause, at: now)
        for trial in 1...6 {
            guard case .ejected(_, _, let length)? = changes.first else {
                Issue.record("no ejection: \(changes)")
                return
            }
            lengths.append(Int(length.seconds))
            now = now + length
            _ = table.advance(to: now)
            changes = table.endTrial(trial, of: a, failure: trialCause, at: now) ?? []
        }
        #expect(lengths == [10, 20, 40, 65, 65, 65])
    }

    @Test("a target that has served for long enough is forgiven", arguments: [(39, 20), (40, 10)])
    func forgiven(_ served: Int, _ next: Int) {
        var table = self.table(settings())
        _ = table.eject(a, cause, at: start)
        _ = table.advance(to: seconds(10))
        _ = table.endTrial(1, of: a, failure: nil, at: seconds(10))
        _ = table.advance(to: seconds(10 + served))
        #expect(
            table.eject(a, cause, at: seconds(10 + served))
                == [.ejected(a, cause, for: .seconds(next))])
    }

    @Test("the end of another trial than the present one changes nothing")
    func lateTrial() {
        var table = self.table(settings())
        #expect(table.endTrial(0, of: a, failure: nil, at: start) == nil)
        _ = table.eject(a, cause, at: start)
        #expect(table.endTrial(1, of: a, failure: nil, at: start) == nil)
        _ = table.advance(to: seconds(10))
        _ = table.endTrial(1, of: a, failure: trialCause, at: seconds(10))
        _ = table.advance(to: seconds(30))
        #expect(table.endTrial(1, of: a, failure: nil, at: seconds(30)) == nil)
        #expect(table.targets[0].state == .trial)
        #expect(table.endTrial(2, of: a, failure: nil, at: seconds(30)) == [.returned(a)])
    }

    @Test("who is out already is not ejected, and neither is a stranger")
    func alreadyOut() {
        var table = self.table(settings { $0.maximumEjected = 1 })
        _ = table.eject(a, cause, at: start)
        #expect(table.eject(a, cause, at: seconds(1)) == [])
        #expect(table.eject(BalancedUpstream.address(9), cause, at: seconds(1)) == [])
        #expect(table.targets[0].ejections == 1)
    }

    // MARK: - Never all

    @Test(
        "so many may be out at once",
        arguments: [
            (1, 1.0, 0), (2, 0.5, 1), (2, 1.0, 1), (3, 0.5, 1), (3, 0.1, 1), (3, 0.67, 2),
            (3, 1.0, 2),
            (10, 0.3, 3), (10, 0.7, 7), (100, 0.29, 29), (10, 0.01, 1), (10, 1.0, 9),
        ])
    func bound(_ count: Int, _ share: Double, _ expected: Int) {
        var table = self.table(settings { $0.maximumEjected = share }, of: count)
        for index in 0..<count {
            _ = table.eject(BalancedUpstream.address(index), cause, at: start)
        }
        #expect(shares(table, at: start).count { $0 == 0 } == expected)
        #expect(!table.isInPanic)
    }

    @Test("who cannot be ejected is named once, and again when that has changed in between")
    func spared() {
        var table = self.table(settings(slowStart: .zero))
        _ = table.eject(a, cause, at: start)
        #expect(table.eject(b, cause, at: start) == [.spared(b, cause)])
        #expect(table.eject(b, cause, at: start) == [])
        #expect(table.eject(c, cause, at: start) == [.spared(c, cause)])
        _ = table.advance(to: seconds(10))
        _ = table.endTrial(1, of: a, failure: nil, at: seconds(10))
        #expect(table.eject(b, cause, at: seconds(10)) == [.ejected(b, cause, for: .seconds(10))])
        #expect(table.eject(c, cause, at: seconds(10)) == [.spared(c, cause)])
    }

    @Test("whatever happens, an ejection leaves a usable target and keeps to the bound")
    func property() {
        var random = Randomness(seed: 21)
        for round in 0..<200 {
            let count = Int.random(in: 1...7, using: &random)
            let share = Double.random(in: 0.01...1, using: &random)
            var active = ActiveHealthConfiguration(path: "/")
            active.healthyAfter = 1
            active.unhealthyAfter = 1
            let configuration = settings(
                slowStart: .seconds(Int.random(in: 0...20, using: &random)),
                active: round % 2 == 0 ? active : nil
            ) { $0.maximumEjected = share }
            let limit = min(count - 1, max(1, Int(share * Double(count) + 1e-9)))
            var table = self.table(configuration, of: count)
            var now = start
            for _ in 0..<300 {
                now = now + .milliseconds(Int.random(in: 0...5000, using: &random))
                let address = BalancedUpstream.address(Int.random(in: 0..<count, using: &random))
                let before = table
                var changes: [HealthChange] = []
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: changes = table.eject(address, cause, at: now)
                case 2: changes = table.advance(to: now)
                case 3:
                    let failure = Bool.random(using: &random) ? trialCause : nil
                    let trial = table.targets.first { $0.address == address }!.ejections
                    changes = table.endTrial(trial, of: address, failure: failure, at: now) ?? []
                default:
                    let failure = Bool.random(using: &random) ? "no" : nil
                    changes = table.checked(address, failure: failure, at: now)
                }
                let usable = table.targets.count(where: \.isUsable)
                if changes.contains(where: {
                    if case .ejected(_, let why, _) = $0 { why == cause } else { false }
                }) {
                    #expect(usable >= 1 && count - usable <= limit)
                }
                // Without checks nothing else can take a target out.
                if configuration.active == nil { #expect(usable >= max(1, count - limit)) }
                #expect(table.isInPanic == (usable == 0))
                // Who chooses by an earlier picture hears of every change.
                if table.targets.map(\.isUsable) != before.targets.map(\.isUsable)
                    || table.targets.map(\.trial) != before.targets.map(\.trial)
                {
                    #expect(table.revision > before.revision)
                }
            }
        }
    }

    // MARK: - Checks

    private var checks: ActiveHealthConfiguration {
        var checks = ActiveHealthConfiguration(path: "/")
        checks.healthyAfter = 2
        checks.unhealthyAfter = 3
        return checks
    }

    @Test("so many failed checks in a row take a target out, and so many passed ones bring it back")
    func checksInARow() {
        var table = self.table(settings(active: checks))
        func check(_ results: String) -> [HealthChange] {
            results.flatMap { table.checked(a, failure: $0 == "-" ? "status 500" : nil, at: start) }
        }
        #expect(check("--+--+") == [])
        #expect(check("---") == [.failedChecks(a, why: "status 500")])
        #expect(shares(table, at: start) == [0, 100, 100])
        #expect(table.targets[0].reason == "status 500")
        #expect(check("---+-+-") == [])
        #expect(check("++") == [.passedChecks(a)])
        #expect(shares(table, at: start) == [10, 100, 100])
        #expect(check("+++") == [])
    }

    @Test("an ejection outlasts checks that are passed, and its trial waits for them")
    func ejectionAndChecks() {
        var table = self.table(settings(active: checks))
        _ = table.eject(a, cause, at: start)
        for _ in 0..<5 { #expect(table.checked(a, failure: nil, at: seconds(1)) == []) }
        #expect(shares(table, at: seconds(1)) == [0, 100, 100])
        for _ in 0..<3 { _ = table.checked(a, failure: "no", at: seconds(2)) }
        _ = table.advance(to: seconds(10))
        #expect(table.targets[0].state == .trial && table.targets[0].trial == 0)
        for _ in 0..<2 { _ = table.checked(a, failure: nil, at: seconds(11)) }
        #expect(table.targets[0].trial == 1)
        #expect(shares(table, at: seconds(11)) == [0, 100, 100])
    }

    @Test("those that fail their checks count among those that are out")
    func boundWithChecks() {
        var table = self.table(settings(active: checks), of: 4)
        for address in [a, b] {
            for _ in 0..<3 { _ = table.checked(address, failure: "no", at: start) }
        }
        #expect(table.eject(c, cause, at: start) == [.spared(c, cause)])
    }

    @Test("when the last one fails its checks it is panic, until one passes")
    func panic() {
        var table = self.table(settings(active: checks), of: 2)
        for _ in 0..<3 { _ = table.checked(a, failure: "no", at: start) }
        #expect(!table.isInPanic)
        for _ in 0..<2 { _ = table.checked(b, failure: "no", at: start) }
        #expect(
            table.checked(b, failure: "no", at: start)
                == [.failedChecks(b, why: "no"), .panicBegan])
        #expect(table.isInPanic)
        _ = table.checked(a, failure: nil, at: start)
        #expect(
            table.checked(a, failure: nil, at: start) == [.passedChecks(a), .panicEnded])
        #expect(!table.isInPanic)
    }

    // MARK: - Another configuration

    @Test("what is known of a target stays known where the target stays")
    func use() {
        var table = self.table(settings())
        _ = table.eject(b, cause, at: start)
        let before = table.revision
        let new = BalancedUpstream.address(7)
        #expect(
            table.use([new, b, a], settings { $0.ejectFor = .seconds(1) }, at: seconds(1)) == [])
        #expect(table.revision > before)
        #expect(states(table) == [.up, .ejected(until: seconds(10)), .up])
        _ = table.use([a, c], settings(), at: seconds(2))
        _ = table.use([a, b], settings(), at: seconds(2))
        #expect(states(table) == [.up, .up])
    }

    @Test("what took a target out has no effect any more when it is turned off")
    func turnedOff() {
        var table = self.table(settings(slowStart: .zero, active: checks))
        _ = table.eject(a, cause, at: start)
        for _ in 0..<3 { _ = table.checked(b, failure: "no", at: start) }
        _ = table.use(
            [a, b, c], HealthConfiguration(passive: nil, slowStart: .zero), at: seconds(1))
        #expect(shares(table, at: seconds(1)) == [100, 100, 100])
        #expect(table.eject(a, cause, at: seconds(1)) == [])
    }

    @Test("when fewer targets are left than may be out, those that went first return")
    func fewer() {
        var table = self.table(settings(slowStart: .zero), of: 4)
        _ = table.eject(b, cause, at: start)
        _ = table.eject(a, cause, at: seconds(1))
        _ = table.use([a, b], settings(slowStart: .zero), at: seconds(2))
        #expect(states(table) == [.ejected(until: seconds(11)), .up])
        _ = table.use([a], settings(slowStart: .zero), at: seconds(3))
        #expect(states(table) == [.up])
        #expect(!table.isInPanic)
    }
}
