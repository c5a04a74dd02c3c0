import PluginAPI

/// How it stands with one target.
struct TargetStanding: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case up
        case ejected(until: MonotonicTime)
        /// The ejection is over. One request finds out whether the target serves again; until it has, there
        /// is no other.
        case trial
        /// It serves again, and gets ever more requests.
        case returning
    }

    let address: TargetAddress
    /// By the requests that it was sent.
    var state = State.up
    /// By the proxy's own requests, whatever `state` is.
    var failsChecks = false
    /// Since when it has been as it is; nil for since it has been known.
    var since: MonotonicTime?
    /// Why it is out, or was the last time.
    var reason: String?

    /// The number of its last ejection, from 1.
    var ejections = 0
    /// How many of them followed each other, so that each was longer than the one before.
    var ejectionsInARow = 0
    var ejectedFor = Duration.zero
    /// It has been said that it cannot be ejected.
    var isSpared = false
    /// The last checks that went the same way: positive for passed ones.
    var checksInARow = 0

    /// Whether it has its share of the requests, or part of it.
    var isUsable: Bool {
        guard !failsChecks else { return false }
        return switch state {
        case .up, .returning: true
        case .ejected, .trial: false
        }
    }

    /// The number of the ejection after which it is to be tried; 0 when it is not.
    var trial: Int { state == .trial && !failsChecks ? ejections : 0 }
}
