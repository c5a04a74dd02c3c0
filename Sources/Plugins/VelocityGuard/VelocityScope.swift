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
    private let record = Locked(Record())

    private struct Record {
        /// What of the counters has been handed over.
        var handedOver = VelocityCounts()
        var history = VelocityHistory()
        var report: VelocityReport?
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
        record.withLock { record in
            if let report = record.report { return report }
            let report = VelocityReport(of: self, multiplier: multiplier, setup)
            record.report = report
            return report
        }
    }

    /// What has been counted since the last time.
    func takeCounts() -> VelocityCounts {
        record.withLock { record in
            var counts = VelocityCounts()
            for verdict in UpstreamVerdict.allCases {
                let counted = Double(counters[verdict.rawValue].value)
                counts[verdict] = counted - record.handedOver[verdict]
                record.handedOver[verdict] = counted
            }
            return counts
        }
    }

    /// Takes over what the shared record says.
    /// - Returns: what is new for this process, in order.
    func learn(_ finding: VelocityFinding, _ time: any TimeSource) -> [VelocityHistory.Event] {
        record.withLock { record in
            let events = record.history.learn(finding, at: time.wall)
            if finding.mode == .on {
                let remaining = Int64(finding.remaining * 1000)
                activeUntil.store(
                    time.monotonic.advanced(byNanoseconds: remaining).nanoseconds,
                    ordering: .relaxed)
            } else if !record.history.isOn {
                activeUntil.store(0, ordering: .relaxed)
            }
            return events
        }
    }

    // MARK: - For the admin API

    func state(at now: MonotonicTime) -> [JSONValue.Member] {
        let history = record.withLock { $0.history }
        var members: [JSONValue.Member] = [.init("active", .bool(isActive(at: now)))]
        if let activation = history.activation {
            members.append(.init("since", .string("\(activation.since)")))
            if let ending = activation.ending {
                members.append(.init("ended", .string("\(ending.at)")))
                members.append(.init("reason", .string(ending.reason.rawValue)))
            } else {
                members.append(.init("until", .string("\(activation.until)")))
            }
            members.append(.init("cause", activation.cause.json))
        }
        members.append(.init("window", history.window.json))
        return members
    }
}
