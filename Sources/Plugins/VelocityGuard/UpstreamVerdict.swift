import PluginAPI

/// What an exchange tells of its upstream.
enum UpstreamVerdict: Int, CaseIterable {
    case success
    /// The client left because it was kept waiting.
    case clientGaveUp
    case status500
    case status502
    case status503
    case status504
    /// What some providers say when they are overloaded.
    case status529
    case otherStatus
    /// The upstream broke off an answer that had begun.
    case brokenOff

    static let count = 9

    /// As logs, metrics and the admin API name it.
    var name: String {
        switch self {
        case .success: "success"
        case .clientGaveUp: "499"
        case .status500: "500"
        case .status502: "502"
        case .status503: "503"
        case .status504: "504"
        case .status529: "529"
        case .otherStatus: "5xx"
        case .brokenOff: "aborted"
        }
    }

    /// - Parameter status: of an answer that is whole.
    private init(status: Int) {
        self =
            switch status {
            case ..<500: .success
            case 500: .status500
            case 502: .status502
            case 503: .status503
            case 504: .status504
            case 529: .status529
            default: .otherStatus
            }
    }

    /// Nil when the exchange tells nothing: it did not go upstream, or it was the client or the proxy
    /// that ended it.
    /// - Parameters:
    ///   - exchange: one that has completed.
    ///   - patience: how long a client must have been kept waiting for its leaving to be a failure.
    init?(_ exchange: Exchange, patience: Duration) {
        guard exchange.upstream != nil else { return nil }
        switch exchange.outcome.aborted {
        case .upstream: self = .brokenOff
        case .client:
            guard exchange.outcome.status == 499, exchange.outcome.attempts > 0,
                let wait = exchange.outcome.clientWait, wait >= patience
            else { return nil }
            self = .clientGaveUp
        case .proxy: return nil
        case nil:
            guard exchange.response.source == .upstream || Self.isUpstreamsFault(exchange) else {
                return nil
            }
            self.init(status: exchange.outcome.status)
        }
    }

    /// Whether an answer that the proxy has made tells of an upstream that failed.
    ///
    /// A 503 before any attempt is the proxy's own bound on its connections: it must not lower limits
    /// further, as no refusal must.
    private static func isUpstreamsFault(_ exchange: Exchange) -> Bool {
        switch exchange.outcome.status {
        case 502, 504: break
        case 503 where exchange.outcome.attempts > 0: break
        default: return false
        }
        return !exchange.decisions.contains { $0.kind == .refuse || $0.kind == .answer }
    }
}
