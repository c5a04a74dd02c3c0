/// The keys of a record whose values are milliseconds.
package enum RecordDurationKey: Int, CaseIterable, Sendable {
    case duration, upstreamDuration, timeToFirstByte

    /// As it is written in a record.
    package var name: StaticString {
        switch self {
        case .duration: "duration_ms"
        case .upstreamDuration: "upstream_ms"
        case .timeToFirstByte: "ttfb_ms"
        }
    }
}
