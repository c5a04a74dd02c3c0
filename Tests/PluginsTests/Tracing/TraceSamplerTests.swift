import Testing

@testable import Plugins

@Suite("The sample of traces")
struct TraceSamplerTests {
    private func traces(_ count: Int, seed: Int) -> [(high: UInt64, low: UInt64)] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in (random.next(), random.next()) }
    }

    @Test("the share is kept", arguments: [0, 0.001, 0.01, 0.25, 0.5, 0.99, 1])
    func share(share: Double) {
        let sampler = TraceSampler(share: share)
        let taken = traces(100_000, seed: 1).count { sampler.takes($0) }
        // Four standard deviations.
        let bound = 4 * (100_000 * share * (1 - share)).squareRoot()
        #expect(abs(Double(taken) - 100_000 * share) <= bound)
    }

    @Test("a larger share takes what a smaller one takes, so that replicas agree")
    func nested() {
        let shares = [0.01, 0.1, 0.4, 1].map(TraceSampler.init)
        for trace in traces(10_000, seed: 2) {
            let taken = shares.map { $0.takes(trace) }
            #expect(taken == taken.sorted { !$0 && $1 })
        }
    }

    @Test(
        "it decides as OpenTelemetry's samplers for Go and Python do", arguments: [0.01, 0.3, 0.5])
    func agreement(share: Double) {
        let sampler = TraceSampler(share: share)
        let last = UInt64(share * 0x1p63) << 1
        let edges: [(high: UInt64, low: UInt64)] = [
            (0, last), (0, last &- 1), (0, last &+ 1), (0, 0), (0, .max), (.max, last &- 1),
        ]
        for trace in traces(10_000, seed: 3) + edges {
            // traceIdRatioSampler of Go's SDK.
            let go = trace.low >> 1 < UInt64(share * Double(UInt64(1) << 63))
            // TraceIdRatioBased of Python's; both bounds are the same to the bit, for shares of a double.
            let python = trace.low < UInt64((share * 0x1p64).rounded())
            #expect(sampler.takes(trace) == go)
            if trace.low >> 1 != last >> 1 { #expect(sampler.takes(trace) == python) }
        }
    }
}
