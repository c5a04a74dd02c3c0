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
