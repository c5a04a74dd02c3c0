import PluginAPI
import Testing

@testable import Plugins

@Suite("The limiter's program")
struct LimiterProgramTests {
    private static let start = 1_767_225_600e6
    private let second = 1e6
    private let minute = 60e6

    @Test("of several windows the strictest answers, and none counts what one refuses")
    func severalWindows() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(5, per: .minute), Rate(2, per: .second)])
            #expect(key.take(at: Self.start).windows.map(\.left) == [1, 4])
            #expect(key.take(at: Self.start).windows.map(\.left) == [0, 3])
            let refused = key.take(at: Self.start)
            #expect(!refused.isApplied)
            #expect(refused.windows.map(\.left) == [0, 3])
            #expect(refused.windows[0].wait > 0 && refused.windows[1].wait == 0)
            // Two seconds later the second is free again, and the minute is not.
            #expect(key.take(3, at: Self.start + 2 * second).isApplied == false)
            #expect(key.take(2, at: Self.start + 2 * second).isApplied)
            #expect(key.answer(at: Self.start + 4 * second).windows.map(\.left) == [1, 0])
            #expect(key.take(at: Self.start + 4 * second).isApplied)
            let exhausted = key.take(at: Self.start + 6 * second)
            #expect(!exhausted.isApplied)
            #expect(exhausted.windows[0].wait == 0 && exhausted.windows[1].wait > 0)
        }
    }

    @Test("two windows admit what each of them admits alone")
    func conjunction() throws {
        for algorithm in LimitAlgorithm.allCases {
            var numbers = SplitMix64(seed: 7)
            let rates = [Rate(3, per: .second), Rate(20, per: .minute)]
            var both = LimitedKey(algorithm, rates)
            var (first, second) = (
                LimitedKey(algorithm, [rates[0]]), LimitedKey(algorithm, [rates[1]])
            )
            var now = Self.start
            for _ in 0..<2000 {
                let expected = first.answer(at: now).isApplied && second.answer(at: now).isApplied
                try #require(both.take(at: now).isApplied == expected)
                if expected {
                    first.take(at: now)
                    second.take(at: now)
                }
                now += Double(Int.random(in: 0...2_500_000, using: &numbers))
            }
        }
    }

    @Test("a look counts nothing, and tells whether one more would be admitted")
    func look() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(2, per: .minute)])
            #expect(key.take(0, at: Self.start).left == 2)
            #expect(key.take(0, at: Self.start).isApplied)
            key.take(2, at: Self.start)
            let look = key.take(0, at: Self.start)
            #expect(!look.isApplied && look.wait > 0)
            #expect(key.take(0, at: Self.start + look.wait).isApplied)
        }
    }

    @Test("a forced cost is counted beyond the limit, and has to pass before more is admitted")
    func forced() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(10, per: .minute)])
            #expect(key.take(25, at: Self.start, isForced: true).isApplied)
            let refused = key.take(at: Self.start)
            #expect(!refused.isApplied && refused.left == 0)
            #expect(!key.answer(at: Self.start + refused.wait - 10).isApplied)
            #expect(key.answer(at: Self.start + refused.wait).isApplied)
            #expect(refused.wait >= (algorithm == .gcra ? 96e6 : 60e6))
        }
    }

    @Test("what is given back can be used again, and no more than that")
    func givenBack() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(10, per: .minute)])
            // Across the beginning of a slice.
            key.take(6, at: Self.start + 5.9 * second)
            key.take(4, at: Self.start + 6.1 * second)
            #expect(key.answer(0, at: Self.start + 6.1 * second).left == 0)
            let after = key.take(-5, at: Self.start + 6.1 * second, isForced: true)
            #expect(after.isApplied && after.left == 5)
            #expect(key.take(-50, at: Self.start + 6.1 * second, isForced: true).left == 10)
        }
    }

    @Test("a cost above the limit is never admitted")
    func tooMuch() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(10, per: .second)])
            #expect(!key.take(11, at: Self.start).isApplied)
            #expect(!key.take(11, at: Self.start + 100 * second).isApplied)
            #expect(key.take(10, at: Self.start + 100 * second).isApplied)
        }
    }

    @Test("a lower limit counts what a higher one has admitted")
    func changedLimit() {
        for algorithm in LimitAlgorithm.allCases {
            let limits = Limits([Rate(10, per: .minute)])
            var key = LimitedKey(algorithm, [Rate(10, per: .minute)])
            key.take(6, at: Self.start)
            #expect(!key.take(at: Self.start, limits: limits.multiplied(by: 0.5)).isApplied)
            #expect(key.take(0, at: Self.start).left == 4)
        }
    }

    @Test("merging is never less used up than either, whichever comes first")
    func merging() throws {
        for algorithm in LimitAlgorithm.allCases {
            var numbers = SplitMix64(seed: 11)
            for _ in 0..<500 {
                let rates = [Rate(5, per: .second), Rate(30, per: .minute)]
                var one = LimitedKey(algorithm, rates)
                var other = one
                var now = Self.start
                for _ in 0..<Int.random(in: 0...60, using: &numbers) {
                    if Bool.random(using: &numbers) {
                        one.take(at: now)
                    } else {
                        other.take(at: now)
                    }
                    now += Double(Int.random(in: 0...3_000_000, using: &numbers))
                }
                let merged = one.merged(with: other)
                let left = zip(one.answer(0, at: now).windows, other.answer(0, at: now).windows)
                    .map { min($0.left, $1.left) }
                let found = merged.answer(0, at: now).windows.map(\.left)
                if algorithm == .gcra {
                    try #require(found == left)
                } else {
                    try #require(zip(found, left).allSatisfy { $0 <= $1 })
                }
                try #require(
                    merged.answer(0, at: now) == other.merged(with: one).answer(0, at: now))
                try #require(one.merged(with: one).answer(0, at: now) == one.answer(0, at: now))
            }
        }
    }

    @Test("merging with a new record changes nothing")
    func mergingNew() {
        for algorithm in LimitAlgorithm.allCases {
            let new = LimitedKey(algorithm, [Rate(5, per: .minute)])
            var used = new
            used.take(3, at: Self.start)
            #expect(used.merged(with: new).record == used.record)
            #expect(new.merged(with: used).answer(at: Self.start) == used.answer(at: Self.start))
            #expect(new.merged(with: new).record == new.record)
        }
    }

    @Test(
        "a clock that goes back a little forgives nothing, and one that goes back far blocks nobody"
    )
    func clockGoesBack() {
        for algorithm in LimitAlgorithm.allCases {
            var key = LimitedKey(algorithm, [Rate(5, per: .minute)])
            key.take(5, at: Self.start)
            #expect(!key.take(at: Self.start - 10 * second).isApplied)
            #expect(!key.take(at: Self.start - minute + 6 * second).isApplied)
            #expect(key.take(at: Self.start - 10 * minute).isApplied)
        }
    }

    @Test("an immense pace is kept as exactly as a small one")
    func immense() {
        for algorithm in LimitAlgorithm.allCases {
            let limit = 1_000_000_000_000
            var key = LimitedKey(algorithm, [Rate(limit, per: .second)])
            #expect(key.take(Double(limit - 1), at: Self.start).isApplied)
            #expect(key.take(at: Self.start).isApplied)
            #expect(!key.take(1e6, at: Self.start).isApplied)
        }
    }

    @Test("multiplied limits are whole, and at least one")
    func multiplied() {
        func limits(_ rates: [Rate], _ factor: Double, burst: Int? = nil) -> [[Double]] {
            var found: [[Double]] = []
            Limits(rates, burst: burst).multiplied(by: factor).forEach { found.append([$1, $2]) }
            return found
        }
        #expect(limits([Rate(5, per: .minute)], 0.5) == [[2, 2]])
        #expect(limits([Rate(1, per: .minute)], 0.5) == [[1, 1]])
        #expect(limits([Rate(10, per: .minute)], 1.5, burst: 3) == [[15, 4]])
        #expect(
            limits([Rate(100, per: .hour), Rate(10, per: .second)], 1, burst: 20)
                == [[10, 20], [100, 100]])
        #expect(limits([Rate(9, per: .hour), Rate(7, per: .hour)], 1) == [[7, 7]])
    }
}
