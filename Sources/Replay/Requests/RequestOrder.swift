import ActivityReport
import PluginAPI

/// The requests of several logs in the order in which they came.
///
/// A log has them in the order in which they ended. Of those that have been read, so many are held back,
/// and the one that came first goes first: so the order is right as long as no request lasts longer than
/// it takes for so many others to end.
final class RequestOrder {
    private let logs: [RequestLog]
    private let reader: RequestReader
    private let lookahead: Int
    private var held = EarliestFirst<ReplayRequest>()
    private var last = WallTime(microseconds: .min)
    /// Requests that were read too late to have their place.
    private(set) var late = 0

    static let lookahead = 200_000

    init(_ logs: [RequestLog], _ reader: RequestReader, lookahead: Int = RequestOrder.lookahead) {
        self.logs = logs
        self.reader = reader
        self.lookahead = lookahead
    }

    /// The next one; nil at the end.
    func next() throws(InputFailure) -> ReplayRequest? {
        while held.count <= lookahead, let request = try earliestRead() {
            held.add(request, at: request.time.microseconds)
        }
        guard let request = held.takeFirst() else { return nil }
        if request.time < last { late += 1 }
        last = max(last, request.time)
        request.expectedDuration = reader.expectedDuration(of: request)
        return request
    }

    /// Of the logs' next ones the one that ended first, so that no log is read ahead of the others.
    private func earliestRead() throws(InputFailure) -> ReplayRequest? {
        var earliest: (log: RequestLog, request: ReplayRequest)?
        for log in logs {
            guard let request = try log.next() else { continue }
            if let known = earliest, known.request.end <= request.end { continue }
            earliest = (log, request)
        }
        earliest?.log.takeNext()
        return earliest?.request
    }
}
