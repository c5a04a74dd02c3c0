import Testing

@testable import Proxy

@Suite("A histogram")
struct HistogramTests {
    @Test("a duration is counted at the first bound that it does not pass")
    func bounds() {
        for (index, bound) in Histogram.bounds.enumerated() {
            let histogram = Histogram()
            histogram.add(nanoseconds: bound)
            histogram.add(nanoseconds: bound + 1)
            let counts = histogram.snapshot.counts
            #expect(counts[index] == 1 && counts[index + 1] == 1, "\(bound)")
            #expect(counts.reduce(0, +) == 2)
            #expect(histogram.snapshot.sum == UInt64(2 * bound + 1))
        }
    }

    @Test("the bounds only grow, from a microsecond to minutes")
    func growing() {
        let bounds = Histogram.bounds
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
        #expect(bounds.first == 1_000 && bounds.last! >= 60_000_000_000)
    }

    @Test("what is above all bounds, and below nothing, is counted too")
    func extremes() {
        let histogram = Histogram()
        histogram.add(.seconds(86_400))
        histogram.add(.zero)
        histogram.add(.nanoseconds(-5))
        let snapshot = histogram.snapshot
        #expect(snapshot.counts.first == 2 && snapshot.counts.last == 1)
        // A clock that was read out of order takes nothing away.
        #expect(snapshot.sum == 86_400_000_000_000)
    }

    @Test("those of several threads add up")
    func sum() {
        let histograms = [Histogram(), Histogram()]
        histograms[0].add(.milliseconds(1))
        histograms[1].add(.milliseconds(1))
        histograms[1].add(.seconds(1))
        var total = HistogramSnapshot()
        for histogram in histograms { total += histogram.snapshot }
        #expect(total.counts.reduce(0, +) == 3)
        #expect(total.sum == 1_002_000_000)
    }
}
