import PluginAPI
import Proxy

/// A request that is taken once more through both configurations.
final class ReplayRequest {
    /// What a record says beside the request itself.
    struct Record {
        /// Nil when it never had one.
        var requestID: String?
        /// Nil when none was for it.
        var route: String?
        var hasUpstream: Bool
        /// How often it was sent to a target.
        var attempts: Int
        var facts: LearntFacts
        /// What plugins decided, without those that let it proceed.
        var decisions: [Decision]
    }

    struct Decision: Equatable {
        var plugin: String
        /// `refuse`, `answer`, `observed` or `failed`.
        var kind: String
        var reason: String
    }

    /// When its first byte arrived.
    let time: WallTime
    let request: DryRun.Request
    /// What the client saw; nil where nobody says.
    let status: Int?
    let aborted: Outcome.Party?
    /// Whether the answer had begun.
    let hasHead: Bool
    /// From its first byte to its end, in µs; nil where nobody says.
    let duration: Int64?
    /// From the first attempt to the end of the upstream's answer, in µs.
    let upstreamDuration: Int64?
    /// Nil for one of a list.
    let record: Record?

    /// How long it would have taken at the upstream had it come there, in µs. For one that did not.
    var expectedDuration: Int64 = 0
    /// What has become of it, by the configuration that is running and by the new one.
    var verdicts: (running: Verdict?, new: Verdict?) = (nil, nil)
    /// Whose it is. Once the running configuration has decided.
    var origin: Origin?

    struct Origin {
        /// Empty when no route is for it.
        let route: String
        let client: String
        let identity: String?
    }

    init(
        time: WallTime, request: DryRun.Request, status: Int?, aborted: Outcome.Party? = nil,
        hasHead: Bool = true, duration: Int64?, upstreamDuration: Int64? = nil,
        record: Record? = nil
    ) {
        self.time = time
        self.request = request
        self.status = status
        self.aborted = aborted
        self.hasHead = hasHead
        self.duration = duration
        self.upstreamDuration = upstreamDuration
        self.record = record
    }

    /// Whether it came to its upstream when it was recorded, or may be taken to have.
    var wasSent: Bool {
        guard let record else { return true }
        return record.attempts > 0
    }

    /// When it left the proxy.
    var end: WallTime { WallTime(microseconds: time.microseconds + (duration ?? 0)) }

    /// The end of one that has come to the upstream.
    /// - Parameters:
    ///   - reached: when it came there.
    ///   - mayWait: whether a part of its duration may have been the time for which a plugin let it wait.
    func ending(reached: WallTime, mayWait: Bool) -> (at: WallTime, HeldRequest.Ending) {
        func after(_ duration: Int64?) -> WallTime {
            WallTime(microseconds: reached.microseconds + (duration ?? expectedDuration))
        }
        let atUpstream = mayWait ? upstreamDuration ?? duration : duration
        if aborted == .client, wasSent { return (max(end, reached), .clientLeft(hasHead: hasHead)) }
        guard wasSent else {
            // By a plugin that now lets it pass; else by the proxy itself, which will do so again.
            if record?.isEndedByPlugin == true || status == nil {
                return (after(expectedDuration), .answered(status: 200))
            }
            if aborted == .client { return (max(end, reached), .clientLeft(hasHead: hasHead)) }
            return (after(duration), .answeredHere(status: status ?? 503))
        }
        if let aborted {
            return (after(atUpstream), .brokenOff(status: status ?? 502, by: aborted))
        }
        return (after(atUpstream), .answered(status: status ?? 200))
    }
}

extension ReplayRequest.Record {
    /// Whether a plugin refused or answered it.
    var isEndedByPlugin: Bool {
        decisions.contains { $0.kind == "refuse" || $0.kind == "answer" || $0.kind == "failed" }
    }
}
