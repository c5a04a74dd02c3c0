/// How a message's body ends (RFC 9112 §6.3).
package enum BodyFraming: Sendable, Equatable {
    /// There is no body, and nothing announces one.
    case none
    /// After so many bytes, which may be 0.
    case length(Int)
    /// With the last chunk.
    case chunked
    /// When the connection closes. Answers only.
    case untilClose

    /// Whether body bytes may follow the head.
    package var hasBody: Bool {
        switch self {
        case .none, .length(0): false
        case .length, .chunked, .untilClose: true
        }
    }
}
