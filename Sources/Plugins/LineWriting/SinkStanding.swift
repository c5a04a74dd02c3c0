import PluginAPI

/// Whether lines can be written, as the log and the admin listener tell it. Any thread may look.
final class SinkStanding: Sendable {
    private struct State {
        var failingSince: WallTime?
        var lastError: String?
        /// How many had been dropped when it began.
        var droppedBefore = 0
    }

    private let sink: String
    private let events: LineEvents
    private let counters: LineCounters
    private let time: any TimeSource
    private let log: Log
    private let state = Locked(State())

    /// - Parameter sink: its name, for the log.
    init(
        sink: String, events: LineEvents, counters: LineCounters, time: any TimeSource, log: Log
    ) {
        self.sink = sink
        self.events = events
        self.counters = counters
        self.time = time
        self.log = log
    }

    var isFailing: Bool { failingSince != nil }
    var failingSince: WallTime? { state.withLock { $0.failingSince } }
    /// The last one, be it over.
    var lastError: String? { state.withLock { $0.lastError } }

    func note(_ failure: SinkFailure) {
        let isNews = state.withLock { state in
            state.lastError = failure.description
            guard state.failingSince == nil else { return false }
            state.failingSince = time.wall
            state.droppedBefore = counters.dropped
            return true
        }
        guard isNews else { return }
        log(
            .warning, events.failing, [("sink", sink), ("error", failure.description)])
    }

    func noteSuccess() {
        let droppedBefore: Int? = state.withLock { state in
            guard state.failingSince != nil else { return nil }
            state.failingSince = nil
            return state.droppedBefore
        }
        guard let droppedBefore else { return }
        log(
            .info, events.recovered,
            [("sink", sink), ("dropped", String(counters.dropped - droppedBefore))])
    }
}
