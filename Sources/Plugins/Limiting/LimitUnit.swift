/// What a limit counts.
package enum LimitUnit: Sendable {
    case requests
    case tokens

    /// `60 requests`
    func counted(_ count: Int) -> String {
        switch self {
        case .requests: count == 1 ? "1 request" : "\(count) requests"
        case .tokens: count == 1 ? "1 token" : "\(count) tokens"
        }
    }
}
