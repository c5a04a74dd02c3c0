/// How an exchange ended; exactly one of these.
package enum RecordOutcome: Sendable {
    /// A plugin refused it.
    case refused
    /// It was answered with 500 or more, or broken off by the upstream or the proxy.
    case failed
    /// The client left before the end.
    case left
    case answered

    package init(_ record: ActivityRecord) {
        // A plugin's own 503 is no failure of anything behind it.
        if record.decisions.contains(where: { $0.decision.map { $0 == "refuse" } ?? false }) {
            self = .refused
        } else if let aborted = record.text(.aborted) {
            self = aborted == "client" ? .left : .failed
        } else if let status = record.count(.status), status >= 500 {
            self = .failed
        } else if record.count(.status) == 499 {
            self = .left
        } else {
            self = .answered
        }
    }
}
