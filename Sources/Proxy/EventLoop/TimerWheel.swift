import PluginAPI

/// The timers of one loop: a hashed wheel (Varghese and Lauck, 1987, scheme 6).
///
/// Setting, moving and ending a timer take constant time. A deadline that moves later only changes a
/// number: the timer stays where it is and is put right when its old slot comes by. So a timeout that
/// each received byte pushes back costs one store.
package final class TimerWheel {
    /// The precision: a timer fires within this after its deadline.
    package static let tick: UInt64 = 4_000_000

    private static let slotCount = 1024
    private var slots: [LoopTimer?]
    /// Bit i of word w: slot 64 w + i holds a timer.
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    private var currentTick: UInt64
    private var due: ContiguousArray<LoopTimer> = []

    init(start: MonotonicTime) {
        slots = Array(repeating: nil, count: Self.slotCount)
        currentTick = start.nanoseconds / Self.tick
    }

    /// Sets or moves a timer.
    @inline(__always)
    package func set(_ timer: LoopTimer, at deadline: MonotonicTime) {
        timer.deadline = deadline
        // What nearly always holds: it is on the wheel already, and not too late.
        if timer.isScheduled, deadline.nanoseconds >= timer.tick &* Self.tick { return }
        schedule(timer)
    }

    private func schedule(_ timer: LoopTimer) {
        let tick = tickAfter(timer.deadline)
        if timer.isScheduled {
            if tick >= timer.tick { return }
            unlink(timer)
        }
        link(timer, tick)
    }

    package func cancel(_ timer: LoopTimer) {
        if timer.isScheduled { unlink(timer) }
    }

    /// The next moment at which a slot is to be looked at; nil when there is no timer.
    var nextTick: MonotonicTime? {
        // From the next slot once around, a word of the bitmap at a time.
        let start = Int((currentTick + 1) % UInt64(Self.slotCount))
        var distance = 0
        while distance < Self.slotCount {
            let slot = (start + distance) % Self.slotCount
            let bits = occupied[slot / 64] >> UInt64(slot % 64)
            if bits != 0 {
                let found = distance + bits.trailingZeroBitCount
                return MonotonicTime(nanoseconds: (currentTick + 1 + UInt64(found)) * Self.tick)
            }
            distance += 64 - slot % 64
        }
        return nil
    }

    /// A moment up to `limit` by which a timer fires, or the wheel has gone round once; nil when none
    /// does by then. It looks at each timer that comes by: for time that is stepped from moment to moment.
    func nextFiring(until limit: MonotonicTime) -> MonotonicTime? {
        let last = limit.nanoseconds / Self.tick
        let horizon = currentTick + UInt64(Self.slotCount)
        var tick = currentTick
        while tick < min(last, horizon) {
            tick += 1
            let slot = Int(tick % UInt64(Self.slotCount))
            guard occupied[slot / 64] & 1 << UInt64(slot % 64) != 0 else { continue }
            var next = slots[slot]
            while let timer = next {
                if timer.deadline.nanoseconds <= tick * Self.tick {
                    return MonotonicTime(nanoseconds: tick * Self.tick)
                }
                next = timer.next
            }
        }
        return last > horizon ? MonotonicTime(nanoseconds: horizon * Self.tick) : nil
    }

    /// Fires what is due.
    func advance(to now: MonotonicTime) {
        let target = now.nanoseconds / Self.tick
        guard target > currentTick else { return }
        // After a long sleep each slot is looked at once, not once for every tick that passed.
        let steps = min(target - currentTick, UInt64(Self.slotCount))
        currentTick = target
        for step in 0..<steps {
            let slot = Int((target - steps + 1 + step) % UInt64(Self.slotCount))
            if occupied[slot / 64] & 1 << UInt64(slot % 64) != 0 { look(at: slot, now) }
        }
    }

    private func look(at slot: Int, _ now: MonotonicTime) {
        // All are taken off first: a timer that fires may set, move or cancel any other.
        var next = slots[slot]
        slots[slot] = nil
        occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
        while let timer = next {
            next = timer.next
            timer.next = nil
            timer.previous = nil
            timer.slot = LoopTimer.pending
            due.append(timer)
        }
        for timer in due where timer.slot == LoopTimer.pending {
            timer.slot = LoopTimer.unscheduled
            if timer.deadline <= now {
                timer.target.timerFired(timer)
            } else {
                link(timer, tickAfter(timer.deadline))
            }
        }
        due.removeAll(keepingCapacity: true)
    }

    private func tickAfter(_ deadline: MonotonicTime) -> UInt64 {
        max((deadline.nanoseconds + Self.tick - 1) / Self.tick, currentTick + 1)
    }

    private func link(_ timer: LoopTimer, _ tick: UInt64) {
        let slot = Int(tick % UInt64(Self.slotCount))
        timer.tick = tick
        timer.slot = slot
        timer.next = slots[slot]
        timer.next?.previous = timer
        slots[slot] = timer
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
    }

    private func unlink(_ timer: LoopTimer) {
        let slot = timer.slot
        timer.slot = LoopTimer.unscheduled
        // One whose slot is being looked at is passed over there.
        guard slot >= 0 else { return }
        if let previous = timer.previous {
            previous.next = timer.next
        } else {
            slots[slot] = timer.next
        }
        timer.next?.previous = timer.previous
        timer.next = nil
        timer.previous = nil
        if slots[slot] == nil { occupied[slot / 64] &= ~(1 << UInt64(slot % 64)) }
    }
}

/// One deadline of one owner. Made once and set again and again.
///
/// The owner outlives it on the wheel: it cancels the timer before it goes.
package final class LoopTimer {
    fileprivate unowned(unsafe) let target: any TimerTarget
    package fileprivate(set) var deadline = MonotonicTime(nanoseconds: 0)

    fileprivate static var unscheduled: Int { -1 }
    fileprivate static var pending: Int { -2 }
    fileprivate var slot = LoopTimer.unscheduled
    fileprivate var tick: UInt64 = 0
    fileprivate var next: LoopTimer?
    fileprivate unowned(unsafe) var previous: LoopTimer?

    package init(_ target: any TimerTarget) { self.target = target }

    package var isScheduled: Bool { slot != LoopTimer.unscheduled }
}

/// Whom a timer tells. On the loop's thread.
package protocol TimerTarget: AnyObject {
    func timerFired(_ timer: LoopTimer)
}
