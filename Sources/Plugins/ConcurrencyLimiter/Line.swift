import PluginAPI

/// Who is under way of one key, and who waits to be, in the order in which they came.
///
/// Nobody waits while there is a place: whoever changes a line hands out what has become free.
struct Line: Sendable {
    private struct Waiter: Sendable {
        let wait: Wait
        /// The limit that it came with, where no other is in force.
        let rules: PlaceRules
        let multiplier: Double
    }

    enum Entry {
        case place
        /// The number under which it waits.
        case waiting(Int, Wait)
        case refused
    }

    private(set) var running = 0
    /// By number. Those who gave up leave a gap, which the head passes over.
    private var waiters: [Int: Waiter] = [:]
    private var head = 0
    private var tail = 0

    var waiting: Int { waiters.count }
    var isEmpty: Bool { running == 0 && waiters.isEmpty }

    /// - Parameter multiplier: what the limit is multiplied by for this one.
    mutating func enter(_ rules: PlaceRules, multiplier: Double) -> Entry {
        if running < rules.limit(times: multiplier), waiters.isEmpty {
            running += 1
            return .place
        }
        guard waiters.count < rules.queue else { return .refused }
        let (number, wait) = (tail, Wait())
        waiters[number] = Waiter(wait: wait, rules: rules, multiplier: multiplier)
        tail += 1
        return .waiting(number, wait)
    }

    /// Takes a place whether or not there is one.
    mutating func enterAnyway() { running += 1 }

    mutating func giveBack() { running -= 1 }

    /// One does not wait any more; none that has been admitted.
    mutating func withdraw(_ number: Int) { waiters[number] = nil }

    /// Gives a free place to the one that has waited longest.
    /// - Parameter rules: those in force; where none are, each waits by its own.
    /// - Returns: its wait, which has still to be ended; nil when there is no place, or nobody.
    mutating func admitNext(_ rules: PlaceRules?) -> Wait? {
        while head < tail {
            guard let first = waiters[head] else {
                head += 1
                continue
            }
            guard running < (rules ?? first.rules).limit(times: first.multiplier) else {
                return nil
            }
            waiters[head] = nil
            head += 1
            running += 1
            return first.wait
        }
        return nil
    }
}

/// How many may be under way, and how many may wait. An object, to tell those of one instance from
/// another's.
final class PlaceRules: Sendable {
    let limit: Int
    let queue: Int

    init(limit: Int, queue: Int) {
        self.limit = limit
        self.queue = queue
    }

    /// Rounded down, and at least 1, or nobody would ever get a place.
    func limit(times multiplier: Double) -> Int {
        multiplier == 1 ? limit : max(1, Int(Double(limit) * multiplier))
    }
}
