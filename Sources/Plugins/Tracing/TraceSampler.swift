/// Takes a share of traces by their identifiers, so that whoever sees the same trace decides alike: all
/// replicas, and the samplers `TraceIdRatioBased` of OpenTelemetry for Go and Python.
struct TraceSampler: Sendable {
    /// Traces whose last 63 bits are below this are taken.
    private let bound: UInt64

    /// - Parameter share: 0 to 1.
    init(share: Double) {
        bound = UInt64(share * 0x1p63)
    }

    func takes(_ trace: (high: UInt64, low: UInt64)) -> Bool { trace.low >> 1 < bound }
}
