extension Exchange {
    /// Makes it what an ended one was, as far as a record of that shows.
    /// - Parameters:
    ///   - requestID: empty when it never had one.
    ///   - isStream: whether the answer was an event stream.
    package func restore(
        startedAt: WallTime, requestID: String, route: String, upstream: String?, peer: Peer,
        method: ArraySlice<UInt8>, path: ArraySlice<UInt8>, isStream: Bool, outcome: Outcome,
        decisions: [DecisionRecord]
    ) {
        self.startedAt = startedAt
        self.requestID = requestID
        self.route = route
        self.upstream = upstream
        self.peer = peer
        self.outcome = outcome
        self.decisions = decisions
        let storage = request.headers.storage
        request.methodRange = method.withUnsafeBufferPointer { storage.append($0) }
        request.pathRange = path.withUnsafeBufferPointer { storage.append($0) }
        if isStream { response.headers.append("content-type", "text/event-stream") }
    }
}
