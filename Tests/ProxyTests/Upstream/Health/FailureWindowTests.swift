import Dispatch
import PluginAPI
import Testing

@testable import Proxy

@Suite("A target's failures of late")
struct FailureWindowTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000_000)
    private let eighth: UInt64 = 1_000_000_000

    @Test("what is older than the window is forgotten, an eighth at a time")
    func forgotten() {
        let window = FailureWindow()
        for second in 0..<8 {
            for number in 0..<10 {
                window.add(failed: number < second, at: start + .seconds(second), eighth: eighth)
            }
        }
        #expect(
            window.counts(at: start + .seconds(7), eighth: eighth)
                == .init(requests: 80, failures: 28))
        #expect(
            window.counts(at: start + .seconds(8), eighth: eighth)
                == .init(requests: 70, failures: 28))
        #expect(
            window.counts(at: start + .seconds(13), eighth: eighth)
                == .init(requests: 20, failures: 13))
        #expect(window.counts(at: start + .seconds(15), eighth: eighth) == .init())
        #expect(window.counts(at: start + .seconds(100_000), eighth: eighth) == .init())
    }

    @Test("a place that was used long ago is used anew")
    func reused() {
        let window = FailureWindow()
        window.add(failed: true, at: start, eighth: eighth)
        window.add(failed: false, at: start + .seconds(8), eighth: eighth)
        #expect(
            window.counts(at: start + .seconds(8), eighth: eighth)
                == .init(requests: 1, failures: 0))
    }

    @Test("what another worker's clock has counted a little ahead counts")
    func ahead() {
        let window = FailureWindow()
        window.add(failed: true, at: start + .seconds(1), eighth: eighth)
        #expect(window.counts(at: start, eighth: eighth) == .init(requests: 1, failures: 1))
    }

    @Test("no number of requests overflows it, and the share stays")
    func many() {
        let window = FailureWindow()
        for number in 0..<3_000_000 {
            window.add(failed: number % 4 == 0, at: start, eighth: eighth)
        }
        let counts = window.counts(at: start, eighth: eighth)
        #expect(counts.requests > 500_000 && counts.requests < 1 << 20)
        #expect(abs(Double(counts.failures) / Double(counts.requests) - 0.25) < 0.001)
    }

    @Test("no thread's count is lost")
    func threads() {
        let window = FailureWindow()
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<10_000 {
                window.add(
                    failed: thread == 0, at: start + .milliseconds(number / 10), eighth: eighth)
            }
        }
        #expect(
            window.counts(at: start + .seconds(1), eighth: eighth)
                == .init(requests: 40_000, failures: 10_000))
    }

    @Test("cleared, it is empty")
    func cleared() {
        let window = FailureWindow()
        window.add(failed: true, at: start, eighth: eighth)
        window.clear()
        #expect(window.counts(at: start, eighth: eighth) == .init())
    }
}
