import PluginAPI
import Proxy

/// One configuration, and how far it has come with the requests.
final class Lane {
    private let dryRun: DryRun
    private let time: SteppedTime
    private let mayWait: Bool
    /// Those that are to end.
    private var endings = EarliestFirst<(HeldRequest, HeldRequest.Ending)>()
    private var underWay = 0
    private let ended: (ReplayRequest, HeldRequest) -> Void

    /// What plugins do every so often has come to rest after so long without a request, as no window that
    /// they look back on is longer than an hour: so a gap in the log is not gone through step by step.
    private static let longestGap: Int64 = 2 * 3_600_000_000

    /// - Parameters:
    ///   - mayWait: whether a part of a recorded duration may have been the wait for a turn.
    ///   - time: that of the plugins, set to the first request's.
    ///   - ended: told of each request that has come to its end.
    init(
        _ cast: Cast, mayWait: Bool, store: MetricsStore, state: StateStore, time: SteppedTime,
        ended: @escaping (ReplayRequest, HeldRequest) -> Void
    ) throws {
        dryRun = try DryRun(cast.configuration, store: store, state: state, time: time)
        self.time = time
        self.ended = ended
        self.mayWait = mayWait
    }

    /// Lets everything happen that happens up to a request, and then begins it.
    func begin(_ request: ReplayRequest, host: String?) throws {
        advance(to: max(request.time, time.wall))
        var sent = request.request
        if let host { sent.fields.append(("host", host)) }
        underWay += 1
        let held = try dryRun.begin(sent, context: request) { exchange in
            exchange[RecordedPlugin.request] = request
            if let id = request.record?.requestID { exchange.requestID = id }
        }
        if held.stage == .waiting, request.aborted == .client {
            endings.add((held, .clientLeft(hasHead: false)), at: request.end.microseconds)
        }
        takeNews()
    }

    /// Lets all that are under way come to their ends.
    func finish() {
        while underWay > 0 {
            // Without an end in sight they wait for their turn, or for its time to be over.
            let next = endings.firstTime ?? time.wall.microseconds + 60_000_000
            advance(to: max(WallTime(microseconds: next), time.wall))
        }
    }

    private func advance(to moment: WallTime) {
        while true {
            let limit = min(
                moment, WallTime(microseconds: endings.firstTime ?? moment.microseconds))
            if limit.microseconds - time.wall.microseconds > Self.longestGap {
                time.set(WallTime(microseconds: limit.microseconds - Self.longestGap))
                dryRun.turn()
            } else if let next = dryRun.nextTurn(until: limit) {
                time.set(max(next, time.wall))
                dryRun.turn()
            } else if let due = endings.firstTime, due <= moment.microseconds,
                let (held, ending) = endings.takeFirst()
            {
                time.set(max(WallTime(microseconds: due), time.wall))
                dryRun.finish(held, ending)
            } else {
                return time.set(max(moment, time.wall))
            }
            takeNews()
        }
    }

    private func takeNews() {
        for held in dryRun.takeNews() {
            guard let request = held.context as? ReplayRequest else { continue }
            if held.stage == .ended {
                underWay -= 1
                ended(request, held)
            } else {
                let ending = request.ending(reached: time.wall, mayWait: mayWait)
                endings.add((held, ending.1), at: ending.at.microseconds)
            }
        }
    }
}
