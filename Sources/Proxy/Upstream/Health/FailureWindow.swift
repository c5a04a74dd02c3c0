import PluginAPI
import Synchronization

/// How many requests a target has had of late, and how many of them failed: a sliding window in eighths.
///
/// Any thread adds to it, without a lock. Each eighth is a word: its number (24 bits), requests and
/// failures (20 bits each).
final class FailureWindow: Sendable {
    private let eighths: InlineArray<8, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }

    struct Counts: Equatable {
        var requests = 0
        var failures = 0
    }

    private static let countBits: UInt64 = 20
    private static let countMask: UInt64 = (1 << countBits) - 1
    private static let numberMask: UInt64 = (1 << 24) - 1

    /// - Parameter eighth: of the window's length, in nanoseconds.
    func add(failed: Bool, at now: MonotonicTime, eighth: UInt64) {
        let number = Self.number(now, eighth)
        let index = Int(number % 8)
        var word = eighths[index].load(ordering: .relaxed)
        while true {
            let next = Self.adding(failed, to: word, number)
            let (exchanged, original) = eighths[index].weakCompareExchange(
                expected: word, desired: next, ordering: .relaxed)
            if exchanged { return }
            word = original
        }
    }

    private static func adding(_ failed: Bool, to word: UInt64, _ number: UInt64) -> UInt64 {
        guard word >> (2 * countBits) == number else {
            return number << (2 * countBits) | 1 << countBits | (failed ? 1 : 0)
        }
        var requests = word >> countBits & countMask
        var failures = word & countMask
        if requests == countMask {
            // The share stays.
            requests /= 2
            failures /= 2
        }
        requests += 1
        if failed { failures += 1 }
        return number << (2 * countBits) | requests << countBits | failures
    }

    /// What the window holds; up to an eighth less than its whole length.
    func counts(at now: MonotonicTime, eighth: UInt64) -> Counts {
        let number = Self.number(now, eighth)
        var counts = Counts()
        for index in 0..<8 {
            let word = eighths[index].load(ordering: .relaxed)
            // Another worker's clock may be ahead.
            let age = (number &- word >> (2 * Self.countBits) &+ 1) & Self.numberMask
            guard age <= 8 else { continue }
            counts.requests += Int(word >> Self.countBits & Self.countMask)
            counts.failures += Int(word & Self.countMask)
        }
        return counts
    }

    func clear() {
        for index in 0..<8 { eighths[index].store(0, ordering: .relaxed) }
    }

    private static func number(_ now: MonotonicTime, _ eighth: UInt64) -> UInt64 {
        now.nanoseconds / eighth & numberMask
    }
}
