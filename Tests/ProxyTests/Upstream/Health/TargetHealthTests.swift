import PluginAPI
import Testing

@testable import Proxy

@Suite("What requests tell of a target")
struct TargetHealthTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func settings(_ change: (inout PassiveHealthConfiguration) -> Void)
        -> PassiveHealthConfiguration
    {
        var settings = PassiveHealthConfiguration()
        change(&settings)
        return settings
    }

    private func health() -> TargetHealth {
        TargetHealth(BalancedUpstream.address(0), failures: Counter())
    }

    @Test("so many failures in a row are a cause, and so many more are one again")
    func inARow() {
        let health = health()
        let settings = settings {
            $0.consecutiveFailures = 3
            $0.errorShare = nil
        }
        func fail() -> EjectionCause? { health.failed("status 503", settings, at: start) }
        #expect(fail() == nil && fail() == nil)
        health.succeeded(eighth: settings.windowEighth, at: start)
        #expect(fail() == nil && fail() == nil)
        let cause = EjectionCause(
            kind: .consecutiveFailures, detail: "3 failures in a row, the last: status 503")
        #expect(fail() == cause)
        #expect(fail() == nil && fail() == nil && fail()?.kind == .consecutiveFailures)
        #expect(health.failures.value == 8 && health.failuresInARow == 6)
        health.forget()
        #expect(health.failuresInARow == 0 && fail() == nil)
    }

    @Test(
        "a share of failures is a cause from so many requests on",
        arguments: [(19, 19, false), (20, 10, true), (20, 9, false), (40, 20, true)])
    func share(_ requests: Int, _ failures: Int, _ isCause: Bool) {
        let health = health()
        let settings = settings { $0.consecutiveFailures = nil }
        for _ in 0..<(requests - failures) {
            health.succeeded(eighth: settings.windowEighth, at: start)
        }
        for _ in 0..<(failures - 1) { _ = health.failed("it broke", settings, at: start) }
        let cause = health.failed("it broke", settings, at: start)
        #expect((cause != nil) == isCause)
        if isCause {
            #expect(
                cause
                    == EjectionCause(
                        kind: .errorShare,
                        detail: "\(failures) of \(requests) requests failed, the last: it broke"))
            // Counting begins anew, so that a target that stays is not named with each request.
            #expect(health.failed("it broke", settings, at: start) == nil)
        }
    }

    @Test("failures that are older than the window do not count")
    func window() {
        let health = health()
        let settings = settings { $0.consecutiveFailures = nil }
        for second in 0..<100 {
            #expect(health.failed("it broke", settings, at: start + .seconds(second)) == nil)
        }
    }

    @Test("where nothing follows from failures they are counted all the same")
    func nothingFollows() {
        let health = health()
        for _ in 0..<1000 { #expect(health.failed("it broke", nil, at: start) == nil) }
        #expect(health.failures.value == 1000)
    }

    @Test("one request has a trial, and another may when that told nothing")
    func trial() {
        let health = health()
        #expect(health.trialIsFree(1) && health.takeTrial(1))
        #expect(!health.trialIsFree(1) && !health.takeTrial(1))
        health.giveTrialBack(1)
        #expect(health.takeTrial(1))
        #expect(health.takeTrial(2))
        // The one before has ended late.
        health.giveTrialBack(1)
        #expect(!health.takeTrial(2))
    }
}
