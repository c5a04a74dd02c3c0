/// The keys of a record whose values are text.
package enum RecordTextKey: Int, CaseIterable, Sendable {
    case requestID, route, client, peer, identity, method, path, upstream, aborted, model
    case costSource, finishReason, error
    /// Where activity-logger was told to include them: the beginning, perhaps.
    case requestBody, responseBody

    /// As it is written in a record.
    package var name: StaticString {
        switch self {
        case .requestID: "request_id"
        case .route: "route"
        case .client: "client"
        case .peer: "peer"
        case .identity: "identity"
        case .method: "method"
        case .path: "path"
        case .upstream: "upstream"
        case .aborted: "aborted"
        case .model: "model"
        case .costSource: "cost_source"
        case .finishReason: "finish_reason"
        case .error: "error"
        case .requestBody: "request_body"
        case .responseBody: "response_body"
        }
    }
}

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
