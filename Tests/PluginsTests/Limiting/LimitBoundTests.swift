import PluginAPI
import Testing

@testable import Plugins

/// Each algorithm against the full history of what it has admitted, for arrivals of every kind.
@Suite("The bounds of limits")
struct LimitBoundTests {
    /// Limits from one a period to thousands, each with the periods and the costs in turn.
    static let limits = [1, 2, 3, 5, 7, 10, 11, 30, 60, 97, 300, 1000]
    static let cases = 15
    static let steps = 250

    private func forEachCase(
        _ body: (_ arrivals: inout Arrivals, _ rate: Rate, _ number: Int) throws -> Void
    ) rethrows {
        var number = 0
        for limit in Self.limits {
            for pattern in Arrivals.Pattern.allCases {
                for _ in 0..<Self.cases {
                    number += 1
                    let per = Rate.Period.allCases[number % 4]
                    var arrivals = Arrivals(
                        pattern, limit: limit, period: Double(per.seconds) * 1e6,
                        highestCost: number % 3 == 0 ? min(5, limit) : 1, seed: number)
                    try body(&arrivals, Rate(limit, per: per), number)
                }
            }
        }
    }

    @Test("a sliding window admits a tenth above its limit at most in any period")
    func slidingWindow() throws {
        try forEachCase { arrivals, rate, number in
            var key = LimitedKey(.slidingWindow, [rate])
            var history = AdmittedHistory()
            let (limit, period) = (arrivals.limit, arrivals.period)
            let bound = limit + (limit / 10).rounded(.up)
            for _ in 0..<Self.steps {
                let (now, cost) = (arrivals.now, arrivals.cost())
                let answer = key.take(cost, at: now)
                if answer.isApplied {
                    history.add(cost, at: now)
                    let inPeriod = history.sum(from: now - period)
                    try #require(inPeriod <= bound, "case \(number): \(rate)")
                } else {
                    let inReach = history.sum(after: now - 1.1 * period) + cost
                    try #require(inReach > limit, "case \(number): \(rate)")
                }
                arrivals.advance(wait: answer.wait)
            }
        }
    }

    @Test("GCRA admits its burst and what drains at most in any interval, and all of it")
    func gcra() throws {
        try forEachCase { arrivals, rate, number in
            let burst = number % 2 == 0 ? nil : max(5, rate.count / (1 + number % 7))
            var key = LimitedKey(.gcra, [rate], burst: burst)
            var history = AdmittedHistory()
            let pace = arrivals.limit / arrivals.period
            let size = Double(burst ?? rate.count)
            for _ in 0..<Self.steps {
                let (now, cost) = (arrivals.now, arrivals.cost())
                let excess = history.largestExcess(over: pace, at: now) + cost
                let answer = key.take(cost, at: now)
                if answer.isApplied {
                    try #require(excess <= size + 1e-6, "case \(number): \(rate)")
                    history.add(cost, at: now)
                } else {
                    try #require(excess > size - 1e-6, "case \(number): \(rate)")
                }
                arrivals.advance(wait: answer.wait)
            }
        }
    }

    @Test("who is refused and comes back when told is admitted, and not before")
    func waiting() throws {
        for algorithm in LimitAlgorithm.allCases {
            try forEachCase { arrivals, rate, number in
                guard number % 3 == 0 else { return }
                var key = LimitedKey(algorithm, [rate])
                for _ in 0..<Self.steps {
                    let (now, cost) = (arrivals.now, arrivals.cost())
                    let answer = key.take(cost, at: now)
                    if !answer.isApplied {
                        try #require(
                            key.answer(cost, at: now + answer.wait).isApplied,
                            "case \(number): \(algorithm) \(rate)")
                        // Up to two are to spare for rounding.
                        let earlier = now + answer.wait - 3 - arrivals.period * 2e-9
                        try #require(
                            earlier < now || !key.answer(cost, at: earlier).isApplied,
                            "case \(number): \(algorithm) \(rate)")
                    }
                    arrivals.advance(wait: answer.wait)
                }
            }
        }
    }

    @Test("everything is left again when it is told to be, and the record is then as good as new")
    func resetting() throws {
        for algorithm in LimitAlgorithm.allCases {
            try forEachCase { arrivals, rate, number in
                guard number % 3 == 1 else { return }
                var key = LimitedKey(algorithm, [rate])
                for _ in 0..<Self.steps {
                    let (now, cost) = (arrivals.now, arrivals.cost())
                    let answer = key.take(cost, at: now)
                    let reset = now + answer.windows[0].reset + 1
                    try #require(
                        key.answer(0, at: reset).left == arrivals.limit,
                        "case \(number): \(algorithm) \(rate)")
                    var later = key
                    var new = LimitedKey(algorithm, [rate])
                    let end = now + answer.lifetime
                    try #require(later.take(at: end) == new.take(at: end))
                    arrivals.advance(wait: answer.wait)
                }
            }
        }
    }

    @Test("who comes at the limit's pace is never refused, wherever the windows begin")
    func steady() throws {
        for algorithm in LimitAlgorithm.allCases {
            for limit in Self.limits {
                for phase in 0..<20 {
                    var key = LimitedKey(algorithm, [Rate(limit, per: .minute)])
                    let spacing = (60e6 / Double(limit)).rounded(.up)
                    var now = 1_767_225_600e6 + Double(phase * 311_000)
                    for _ in 0..<(3 * limit + 10) {
                        try #require(key.take(at: now).isApplied, "\(algorithm) \(limit)/m")
                        now += spacing
                    }
                }
            }
        }
    }

    @Test("the edge of a window does not let twice the limit through", arguments: Self.limits)
    func edge(limit: Int) {
        var key = LimitedKey(.slidingWindow, [Rate(limit, per: .minute)])
        let edge = 1_767_225_600e6 + 60e6
        var admitted = 0
        for _ in 0..<(2 * limit) where key.take(at: edge - 1).isApplied { admitted += 1 }
        #expect(admitted == limit)
        for _ in 0..<(2 * limit) where key.take(at: edge).isApplied { admitted += 1 }
        #expect(admitted == limit)
    }

    @Test("who takes all that it can gets the limit's pace over time, within a tenth")
    func throughput() {
        for algorithm in LimitAlgorithm.allCases {
            for limit in Self.limits {
                var key = LimitedKey(algorithm, [Rate(limit, per: .minute)])
                let start = 1_767_225_600e6 + 12_345_678
                var (now, admitted) = (start, 0.0)
                while now < start + 20 * 60e6 {
                    let answer = key.take(at: now)
                    if answer.isApplied { admitted += 1 } else { now += answer.wait }
                }
                // The first period's worth comes at once.
                let perPeriod = (admitted - Double(limit)) / 20
                #expect(perPeriod <= Double(limit) * 1.01 && perPeriod >= Double(limit) * 0.9)
            }
        }
    }
}

/// All that has been admitted.
struct AdmittedHistory {
    private var times: [Double] = []
    /// Of all up to each, with a zero in front.
    private var sums: [Double] = [0]

    mutating func add(_ cost: Double, at now: Double) {
        times.append(now)
        sums.append(sums[sums.count - 1] + cost)
    }

    /// What has been admitted at or after a time.
    func sum(from time: Double) -> Double { sum { $0 >= time } }

    /// What has been admitted after a time.
    func sum(after time: Double) -> Double { sum { $0 > time } }

    private func sum(_ isLater: (Double) -> Bool) -> Double {
        var index = times.count
        while index > 0, isLater(times[index - 1]) { index -= 1 }
        return sums[times.count] - sums[index]
    }

    /// The largest excess of what was admitted over what the pace gives, among all intervals that begin
    /// with an admission and end now; 0 for the one that begins now.
    func largestExcess(over pace: Double, at now: Double) -> Double {
        var largest = 0.0
        for index in times.indices {
            let excess = sums[times.count] - sums[index] - pace * (now - times[index])
            if excess > largest { largest = excess }
        }
        return largest
    }
}
