import PluginAPI

/// Answers requests itself, on the loop of the connection they came by.
protocol LocalService: Sendable {
    /// - Parameter generation: the configuration with which the request began.
    nonisolated(nonsending) func answer(_ exchange: Exchange, _ generation: Generation) async
        -> LocalAnswer
}

/// What a local service answers.
enum LocalAnswer {
    case whole(Answer)
    /// An answer that goes on until the client leaves: the head, then a piece every so often.
    case stream(headers: [(String, String)], every: Duration, piece: StreamPiece)
}

/// Makes the next piece of a stream; nil ends it. On the exchange's loop.
typealias StreamPiece = nonisolated(nonsending) () async -> [UInt8]?
