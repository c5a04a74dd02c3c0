/// Why a target is ejected.
struct EjectionCause: Equatable, Sendable {
    let kind: Kind
    /// For a person: `5 failures in a row, the last: status 503`.
    let detail: String

    /// As metrics have it.
    enum Kind: String, CaseIterable, Sendable {
        case consecutiveFailures = "consecutive_failures"
        case errorShare = "error_share"
        /// The first request after an ejection failed as well.
        case trial = "failed_trial"
    }
}
