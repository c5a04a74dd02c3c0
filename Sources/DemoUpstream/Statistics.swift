import PluginAPI

/// What the server counted since it was made.
final class Statistics: Sendable {
    struct Counts {
        /// Every request that was read, but those for these counts.
        var requests = 0
        /// Streams that are being sent.
        var activeStreams = 0
        /// Streams that were sent to their end.
        var finishedStreams = 0
        /// Answers, streamed or not, during which the client left.
        var abortedByClient = 0
    }

    private let counts = Locked(Counts())

    func update(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    var json: JSON {
        let now = counts.withLock { $0 }
        return [
            "requests": .integer(now.requests), "active_streams": .integer(now.activeStreams),
            "finished_streams": .integer(now.finishedStreams),
            "aborted_by_client": .integer(now.abortedByClient),
        ]
    }
}
