import PluginAPI

/// A client whose collector says what a test wants, and keeps what it was sent.
final class ScriptedCollector: PostClient, Sendable {
    struct Unreachable: Error, CustomStringConvertible {
        let description = "nobody is there"
    }

    private let answers: Locked<[Result<PostAnswer, Unreachable>]>
    private let posted = Locked<[(body: String, fields: [(String, String)])]>([])

    /// - Parameter answers: in order; then there is always 200.
    init(_ answers: Result<PostAnswer, Unreachable>...) { self.answers = Locked(answers) }

    var bodies: [String] { posted.withLock { $0.map(\.body) } }
    var fields: [[(String, String)]] { posted.withLock { $0.map(\.fields) } }

    func post(
        _ body: UnsafeBufferPointer<UInt8>, fields: [(String, String)], timeout: Duration
    ) throws -> PostAnswer {
        posted.withLock { $0.append((String(decoding: body, as: UTF8.self), fields)) }
        let answer = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        return try answer?.get() ?? PostAnswer(status: 200)
    }
}

extension Result where Success == PostAnswer, Failure == ScriptedCollector.Unreachable {
    static func status(_ status: Int, _ body: String = "", retryAfter: Duration? = nil) -> Self {
        .success(PostAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8)))
    }

    static var unreachable: Self { .failure(.init()) }
}
