import Foundation
import Testing

@testable import ActivityReport

@Suite("A histogram of durations")
struct DurationHistogramTests {
    private func nearestRank(_ sorted: [Int64], _ share: Double) -> Int64 {
        sorted[min(max(Int((share * Double(sorted.count)).rounded(.up)), 1), sorted.count) - 1]
    }

    @Test("gives every quantile to within 1 in 128, and small ones exactly")
    func error() throws {
        var random = SplitMix64(seed: 5)
        for round in 0..<200 {
            let largest = Double.random(in: 1...43, using: &random)
            let durations = (0..<Int.random(in: 1...500, using: &random)).map { _ in
                Int64(exp(Double.random(in: 0...largest, using: &random)))
            }
            var histogram = DurationHistogram()
            for duration in durations { histogram.add(duration) }
            let sorted = durations.sorted()
            for share in [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
                let exact = nearestRank(sorted, share)
                let found = try #require(histogram.quantile(share))
                let error = abs(Double(found - exact))
                #expect(error <= Double(exact) / 128, "\(round): \(share): \(found) for \(exact)")
                if exact < 128 { #expect(found == exact) }
            }
            #expect(histogram.maximum == sorted.last)
        }
    }

    @Test("counts the same in two parts as in one")
    func sum() {
        var random = SplitMix64(seed: 6)
        var (whole, first, second) = (DurationHistogram(), DurationHistogram(), DurationHistogram())
        for number in 0..<1000 {
            let duration = Int64(
                exp(Double.random(in: 0...(number < 500 ? 5 : 30), using: &random)))
            whole.add(duration)
            if number % 3 == 0 { first.add(duration) } else { second.add(duration) }
        }
        var sum = DurationHistogram()
        sum += second
        sum += first
        #expect(sum.count == whole.count)
        for share in stride(from: 0, through: 1, by: 0.01) {
            #expect(sum.quantile(share) == whole.quantile(share))
        }
    }

    @Test("has nothing to tell when it is empty, and takes the longest there is")
    func edges() {
        var histogram = DurationHistogram()
        #expect(histogram.quantile(0.5) == nil)
        #expect(histogram.maximum == nil)
        histogram.add(.max)
        #expect(histogram.quantile(0.5) == .max)
        histogram.add(0)
        #expect(histogram.quantile(0.5) == 0)
    }
}
