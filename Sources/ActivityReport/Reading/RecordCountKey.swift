/// The keys of a record, and of its `usage`, whose values are whole numbers.
package enum RecordCountKey: Int, CaseIterable, Sendable {
    case status, attempts, bytesIn, bytesOut
    case input, output, cached, cacheWrite, longCacheWrite, reasoning, total

    /// As it is written in a record.
    package var name: StaticString {
        switch self {
        case .status: "status"
        case .attempts: "attempts"
        case .bytesIn: "bytes_in"
        case .bytesOut: "bytes_out"
        case .input: "input"
        case .output: "output"
        case .cached: "cached"
        case .cacheWrite: "cache_write"
        case .longCacheWrite: "long_cache_write"
        case .reasoning: "reasoning"
        case .total: "total"
        }
    }
}
