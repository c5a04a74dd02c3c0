import PluginAPI

/// How it is found out which of an upstream's targets are well, and what follows from it.
package struct HealthConfiguration: Sendable {
    /// By the requests that they are sent; nil when nothing follows from those.
    package let passive: PassiveHealthConfiguration?
    /// By requests of the proxy's own; nil when there are none.
    package let active: ActiveHealthConfiguration?
    /// From the first request after a return to the full share; zero for at once.
    package let slowStart: Duration

    package init(
        passive: PassiveHealthConfiguration? = PassiveHealthConfiguration(),
        active: ActiveHealthConfiguration? = nil, slowStart: Duration = .seconds(30)
    ) {
        self.passive = passive
        self.active = active
        self.slowStart = slowStart
    }
}

/// When a target is ejected because of how it serves requests, and for how long.
package struct PassiveHealthConfiguration: Sendable {
    /// How many failures in a row are enough; nil when their number does not matter.
    package var consecutiveFailures: Int? = 5
    /// Which share of failures is enough, of at least `minimumRequests` in `window`; nil when it does not
    /// matter.
    package var errorShare: Double? = 0.5
    package var minimumRequests = 20
    package var window: Duration = .seconds(10)
    /// Statuses of answers that are failures.
    package var statuses = [502, 503, 504]
    /// The first time; each further one lasts twice as long, up to `ejectForAtMost`.
    package var ejectFor: Duration = .seconds(10)
    package var ejectForAtMost: Duration = .seconds(300)
    /// The share of the targets that may be out; at least one may be, and never all.
    package var maximumEjected = 0.5

    package init() {}

    /// An eighth of `window`, in nanoseconds; 0 where the share of failures does not matter.
    var windowEighth: UInt64 {
        errorShare == nil ? 0 : UInt64(max(8, window.nanoseconds)) / 8
    }
}

/// Requests of the proxy's own by which each target shows that it is well.
package struct ActiveHealthConfiguration: Sendable {
    package var path: String
    package var interval: Duration = .seconds(5)
    /// For the whole of a check.
    package var timeout: Duration = .seconds(1)
    /// How many checks in a row a target passes before it is used again.
    package var healthyAfter = 2
    /// How many checks in a row a target fails before it is used no more.
    package var unhealthyAfter = 3
    /// The statuses that pass.
    package var statuses = [200]
    /// Set on checks, over those that the upstream sets on every request.
    package var headers: [(String, String)] = []

    package init(path: String) { self.path = path }
}
