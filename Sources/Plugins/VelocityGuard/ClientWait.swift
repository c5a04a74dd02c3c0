import PluginAPI

/// Since when the upstream has kept a client waiting: since the client has sent the whole of its
/// request, or since the last that it was given of the answer.
///
/// So a client that stops a stream which flows, or leaves while it is still sending, has not been kept
/// waiting, however long the exchange took.
enum ClientWait {
    private static let beginning = Fact<MonotonicTime>("velocity_wait_beginning")

    /// Something has come to its end, or on: the wait begins anew.
    static func begin(_ exchange: Exchange) { exchange[beginning] = exchange.now }

    /// Nil when the client had not yet sent all of its request.
    static func atTheEnd(of exchange: Exchange) -> Duration? {
        let outcome = exchange.outcome
        let sinceHead = outcome.duration - (outcome.timeToFirstByte ?? .zero)
        if let beginning = exchange[Self.beginning] {
            return min(exchange.now - beginning, sinceHead)
        }
        let isWithoutBody = exchange.request.contentLength == 0
        return isWithoutBody || outcome.timeToFirstByte != nil ? sinceHead : nil
    }
}
