@testable import Proxy

/// A copy of what a reply handler was called with.
enum ReceivedReply: Equatable, Sendable {
    case integer(Int64)
    case text(String)
    case array([ReceivedReply])
    case null
    case error(String)
    case failure(RedisFailure)

    init(_ result: Result<RedisReply, RedisFailure>) {
        switch result {
        case .success(let reply): self.init(reply)
        case .failure(let failure): self = .failure(failure)
        }
    }

    private init(_ reply: RedisReply) {
        switch reply {
        case .integer(let number): self = .integer(number)
        case .bytes(let bytes): self = .text(String(latin1: bytes))
        case .array(let elements): self = .array(elements.map { ReceivedReply($0) })
        case .null: self = .null
        case .error(let words): self = .error(words)
        }
    }

    var isAway: Bool {
        if case .failure(.away) = self { true } else { false }
    }
}
