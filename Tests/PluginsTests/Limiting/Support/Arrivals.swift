import PluginAPI

/// When a client comes, and with what cost; times in µs.
struct Arrivals {
    enum Pattern: CaseIterable {
        /// At any time, somewhat below the limit's pace to far above it.
        case random
        /// All at once, just before and just after a window or a slice of one begins.
        case edges
        /// Long silence, then all at once.
        case idleThenBurst
        /// As soon as the limiter says that it may come again, everything that is left at once.
        case greedy
        /// The same, and at other times in between.
        case mixed
    }

    let pattern: Pattern
    let limit: Double
    let period: Double
    let highestCost: Int
    private var numbers: SplitMix64
    private(set) var now: Double

    init(_ pattern: Pattern, limit: Int, period: Double, highestCost: Int, seed: Int) {
        self.pattern = pattern
        self.limit = Double(limit)
        self.period = period
        self.highestCost = highestCost
        numbers = SplitMix64(seed: seed)
        now = 1_767_225_600e6 + Double(Int.random(in: 0..<Int(period), using: &numbers))
    }

    mutating func cost() -> Double { Double(Int.random(in: 1...highestCost, using: &numbers)) }

    /// Goes to the next arrival.
    /// - Parameter wait: how long the limiter said that the last one would have to wait; 0 when it was
    ///   admitted.
    mutating func advance(wait: Double) {
        switch pattern {
        case .random: pass(upTo: 3 * period / limit)
        case .edges: goToEdge()
        case .idleThenBurst: if one(in: Int(2 * limit) + 5) { pass(upTo: 3 * period) }
        case .greedy: now += wait
        case .mixed:
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: now += wait
            case 1: pass(upTo: 2 * period / limit)
            case 2: if one(in: 5) { pass(upTo: period) }
            default: if one(in: 5) { goToEdge() }
            }
        }
    }

    private mutating func goToEdge() {
        guard one(in: Int(limit) + 1) else { return }
        let length = Bool.random(using: &numbers) ? period : period / 10
        let edge = (now / length).rounded(.down) * length + length
        let around = edge + Double(Int.random(in: -2...2, using: &numbers))
        now = max(now, around)
    }

    private mutating func pass(upTo time: Double) {
        now += Double(Int.random(in: 0...max(1, Int(time)), using: &numbers))
    }

    private mutating func one(in count: Int) -> Bool {
        Int.random(in: 0..<count, using: &numbers) == 0
    }
}
