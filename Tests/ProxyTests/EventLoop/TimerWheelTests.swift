import PluginAPI
import Testing

@testable import Proxy

/// Notes when its timer fired.
private final class Alarm: TimerTarget {
    private(set) var fired: [MonotonicTime] = []
    var now = MonotonicTime(nanoseconds: 0)
    var action: (() -> Void)?
    lazy var timer = LoopTimer(self)

    func timerFired(_ timer: LoopTimer) {
        fired.append(now)
        action?()
    }
}

@Suite("The timer wheel")
struct TimerWheelTests {
    private func at(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(milliseconds) * 1_000_000)
    }

    @Test("random timers fire once, not before their deadline and at most a tick after it")
    func randomTimers() {
        var random = SystemRandomNumberGenerator()
        let wheel = TimerWheel(start: at(0))
        let alarms = (0..<500).map { _ in Alarm() }
        var deadlines: [Int] = []
        for alarm in alarms {
            let deadline = Int.random(in: 1...20_000, using: &random)
            deadlines.append(deadline)
            wheel.set(alarm.timer, at: at(deadline))
        }
        for now in 0...20_010 {
            for alarm in alarms { alarm.now = at(now) }
            wheel.advance(to: at(now))
        }
        for (alarm, deadline) in zip(alarms, deadlines) {
            #expect(alarm.fired.count == 1)
            let late = (alarm.fired[0] - at(deadline)).nanoseconds
            #expect(late >= 0 && late <= 5_000_000)
        }
        #expect(wheel.nextTick == nil)
    }

    @Test("a deadline moved later fires at the later time, one moved earlier at the earlier")
    func moved() {
        let wheel = TimerWheel(start: at(0))
        let later = Alarm()
        let earlier = Alarm()
        wheel.set(later.timer, at: at(100))
        wheel.set(later.timer, at: at(5000))
        wheel.set(earlier.timer, at: at(5000))
        wheel.set(earlier.timer, at: at(100))
        wheel.advance(to: at(200))
        #expect(later.fired.isEmpty && earlier.fired.count == 1)
        wheel.advance(to: at(5010))
        #expect(later.fired.count == 1 && earlier.fired.count == 1)
    }

    @Test("a timer that fires may cancel and set again another one of the same slot")
    func cancelledWhileFiring() {
        let wheel = TimerWheel(start: at(0))
        let first = Alarm()
        let second = Alarm()
        for (one, other) in [(first, second), (second, first)] {
            one.action = {
                wheel.cancel(other.timer)
                wheel.set(other.timer, at: self.at(8000))
            }
        }
        wheel.set(first.timer, at: at(50))
        wheel.set(second.timer, at: at(50))
        wheel.advance(to: at(60))
        #expect(first.fired.count + second.fired.count == 1)
        first.action = nil
        second.action = nil
        wheel.advance(to: at(8010))
        #expect(first.fired.count + second.fired.count == 2)
    }

    @Test("a sleep of hours fires everything that became due")
    func longSleep() {
        let wheel = TimerWheel(start: at(0))
        let alarms = (1...50).map { index in (Alarm(), index * 60_000) }
        for (alarm, deadline) in alarms { wheel.set(alarm.timer, at: at(deadline)) }
        wheel.advance(to: at(3 * 3600 * 1000))
        #expect(alarms.allSatisfy { $0.0.fired.count == 1 })
    }

    @Test("the next tick is never after a deadline's tick")
    func nextTick() {
        let wheel = TimerWheel(start: at(0))
        let alarm = Alarm()
        wheel.set(alarm.timer, at: at(777))
        var now = at(0)
        while let next = wheel.nextTick {
            #expect(next > now && next <= at(781))
            now = next
            wheel.advance(to: now)
        }
        #expect(alarm.fired.count == 1)
    }

    @Test("time that is stepped to each next firing misses none, and fires none late")
    func stepped() {
        var random = SystemRandomNumberGenerator()
        let wheel = TimerWheel(start: at(0))
        let alarms = (0..<200).map { _ in Alarm() }
        let deadlines = alarms.map { alarm in
            let deadline = Int.random(in: 1...20_000, using: &random)
            wheel.set(alarm.timer, at: at(deadline))
            return deadline
        }
        var steps = 0
        while let next = wheel.nextFiring(until: at(30_000)) {
            for alarm in alarms { alarm.now = next }
            wheel.advance(to: next)
            steps += 1
        }
        for (alarm, deadline) in zip(alarms, deadlines) {
            #expect(alarm.fired.count == 1)
            let late = (alarm.fired[0] - at(deadline)).nanoseconds
            #expect(late >= 0 && late < 4_000_000)
        }
        #expect(steps <= 210)
    }
}
