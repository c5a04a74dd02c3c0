/// What the new configuration makes different for a request.
enum Change {
    /// It passes, and would be refused.
    case refused(Verdict.Cause)
    /// It is refused, and would pass.
    case passes(Verdict.Cause)
    /// Neither, but it is refused or answered otherwise, or its client leaves while it waits.
    case otherwise

    /// Nil when nothing is different.
    init?(from was: Verdict, to new: Verdict) {
        if was == new { return nil }
        switch (was, new) {
        case (.refused, .refused), (.refused, .left): self = .otherwise
        case (_, .refused(let cause)): self = .refused(cause)
        case (.refused(let cause), _): self = .passes(cause)
        default: self = .otherwise
        }
    }
}

/// Changes of one route, client or identity.
struct ChangeCounts {
    private(set) var requests = 0
    private(set) var refused = 0
    private(set) var passing = 0
    private(set) var otherwise = 0

    mutating func add(_ change: Change?) {
        requests += 1
        switch change {
        case .refused: refused += 1
        case .passes: passing += 1
        case .otherwise: otherwise += 1
        case nil: break
        }
    }

    var changed: Int { refused + passing + otherwise }
}
