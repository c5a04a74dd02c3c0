import Testing

@testable import Proxy

@Suite("Estimated quantiles")
struct RecentDurationsTests {
    private func snapshot(_ durations: Duration...) -> HistogramSnapshot {
        let histogram = Histogram()
        for duration in durations { histogram.add(duration) }
        return histogram.snapshot
    }

    @Test("they lie within the bucket, as Prometheus has them")
    func interpolated() {
        // Between 2.5 and 5 ms.
        let four = snapshot(
            .milliseconds(3), .milliseconds(3), .milliseconds(4), .milliseconds(4))
        #expect(four.estimate(ofQuantile: 0.5) == 0.00375)
        #expect(four.estimate(ofQuantile: 1) == 0.005)
        #expect(snapshot(.microseconds(1)).estimate(ofQuantile: 0.5) == 0.000_001)
    }

    @Test("of nothing there is none, and what is above all bounds is the last of them")
    func extremes() {
        #expect(snapshot().estimate(ofQuantile: 0.99) == nil)
        #expect(snapshot(.seconds(4000)).estimate(ofQuantile: 0.5) == 300)
    }

    @Test("only what has come in the time that is asked about counts")
    func recent() {
        var recent = RecentDurations()
        let histogram = Histogram()
        histogram.add(.seconds(40))
        recent.add(histogram.snapshot)
        for _ in 0..<5 {
            histogram.add(.milliseconds(1))
            recent.add(histogram.snapshot)
        }
        #expect(recent.estimate(ofQuantile: 1, overLast: 5) == 0.001)
        #expect(recent.estimate(ofQuantile: 1, overLast: 6) == 60)
        #expect(recent.estimate(ofQuantile: 1, overLast: 60) == 60)
    }
}
