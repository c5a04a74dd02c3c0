import PluginAPI
import Synchronization

/// What velocity mode is decided for: all that the plugin's entry watches, or one upstream.
///
/// Requests read the mode and count how they ended, on any thread and without a lock. Everything else
/// is done by the one thread that hands the counts over.
final class VelocityScope: Sendable {
    /// The upstream's name; nil when it is all of them.
    let upstream: String?

    /// Until when the mode is on, in ns of the monotonic clock.
    private let activeUntil = Atomic<UInt64>(0)
    private let counters: [Counter] = UpstreamVerdict.allCases.map { _ in Counter() }
    /// Behind a lock only because the admin API reads it too.
    private let history = Locked(History())

    private struct History {
        /// What of the counters has been handed over.
        var handedOver = VelocityCounts()
        var latest: VelocityFinding?
        /// The start that this process knows of, whether or not that mode is still on.
        var known: Activation?
        var ended: Ending?
        var report: VelocityReport?
    }

    /// A start of the mode.
    struct Activation: Sendable {
        /// By the record's clock, which tells one start from another.
        let started: Double
        /// By this machine's.
        let since: WallTime
        var until: WallTime
        let cause: VelocityCounts
        var isOn = true
    }

    /// An end of the mode.
    struct Ending: Sendable {
        enum Reason: String, Sendable { case cooldown, recovered }

        let reason: Reason
        let at: WallTime
        let lasted: Duration
    }

    enum Event: Sendable {
        case started(Activation)
        /// Another replica has started it, or this one before a reload.
        case takenOver(Activation)
        case ended(Ending)
    }

    init(upstream: String?) { self.upstream = upstream }

    // MARK: - On the path of requests

    func isActive(at now: MonotonicTime) -> Bool {
        now.nanoseconds < activeUntil.load(ordering: .relaxed)
    }

    func count(_ verdict: UpstreamVerdict) { counters[verdict.rawValue].add() }

    // MARK: - Beside it

    /// Where to tell of it. Its metrics are made when first asked for: once, and not by a request.
    func report(multiplier: Double, _ setup: Setup) -> VelocityReport {
        history.withLock { history in
            if let report = history.report { return report }
            let report = VelocityReport(of: self, multiplier: multiplier, setup)
            history.report = report
            return report
        }
    }

    /// What has been counted since the last time.
    func takeCounts() -> VelocityCounts {
        history.withLock { history in
            var counts = VelocityCounts()
            for verdict in UpstreamVerdict.allCases {
                let counted = Double(counters[verdict.rawValue].value)
                counts[verdict] = counted - history.handedOver[verdict]
                history.handedOver[verdict] = counted
            }
            return counts
        }
    }

    /// Takes over what the shared record says.
    /// - Returns: what is new for this process.
    func learn(_ finding: VelocityFinding, _ time: any TimeSource) -> Event? {
        let (now, wall) = (time.monotonic, time.wall)
        return history.withLock { history in
            history.latest = finding
            if finding.mode == .on { return begin(finding, &history, now, wall) }
            guard let known = history.known, known.isOn else { return nil }
            if finding.started >= known.started {
                let isRecovered = finding.started == known.started && finding.mode == .recovered
                return end(isRecovered ? .recovered : .cooldown, &history, wall)
            }
            // The record has not heard of it, as when Redis has lost it. What was said of its end
            // still holds.
            return isActive(at: now) ? nil : end(.cooldown, &history, wall)
        }
    }

    private func begin(
        _ finding: VelocityFinding, _ history: inout History, _ now: MonotonicTime, _ wall: WallTime
    ) -> Event? {
        activeUntil.store(
            now.advanced(byNanoseconds: Int64(finding.remaining * 1000)).nanoseconds,
            ordering: .relaxed)
        let until = WallTime(microseconds: wall.microseconds + Int64(finding.remaining))
        guard history.known?.started != finding.started || history.known?.isOn == false else {
            history.known?.until = until
            return nil
        }
        let activation = Activation(
            started: finding.started,
            since: WallTime(microseconds: wall.microseconds - Int64(finding.lasted)), until: until,
            cause: finding.cause)
        history.known = activation
        return finding.isNews ? .started(activation) : .takenOver(activation)
    }

    private func end(_ reason: Ending.Reason, _ history: inout History, _ wall: WallTime) -> Event?
    {
        activeUntil.store(0, ordering: .relaxed)
        history.known?.isOn = false
        let since = history.known?.since ?? wall
        let ending = Ending(
            reason: reason, at: wall,
            lasted: .microseconds(wall.microseconds - since.microseconds))
        history.ended = ending
        return .ended(ending)
    }

    // MARK: - For the admin API

    func state(at now: MonotonicTime) -> [JSONValue.Member] {
        let history = history.withLock { $0 }
        var members: [JSONValue.Member] = [.init("active", .bool(isActive(at: now)))]
        if let known = history.known {
            members.append(.init("since", .string("\(known.since)")))
            if known.isOn { members.append(.init("until", .string("\(known.until)"))) }
            members.append(.init("cause", known.cause.json))
        }
        if let ended = history.ended, history.known?.isOn == false {
            members.append(.init("ended", .string("\(ended.at)")))
            members.append(.init("reason", .string(ended.reason.rawValue)))
        }
        members.append(.init("window", (history.latest?.window ?? VelocityCounts()).json))
        return members
    }
}
