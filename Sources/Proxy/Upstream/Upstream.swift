import PluginAPI

/// A service that requests are passed on to, at one or several targets.
package final class Upstream: Sendable {
    package let name: String
    /// Its place in the file, where each worker's share of it is.
    package let number: Int
    package let targets: [Target]
    package let balance: Balance
    /// Fields that are set on every request to it, such as its own credentials.
    package let headers: [(HeaderName, String)]
    /// Whether `headers` names the host, which otherwise is the target's.
    let setsHost: Bool
    /// For getting a connection.
    package var connectTimeout: Duration { targets[0].connectTimeout }
    /// How long the head of an answer may take, from the end of the request.
    package let responseHeadersTimeout: Duration
    /// How long neither side may move a byte.
    package let idleTimeout: Duration
    let idleNanoseconds: Int64
    let headNanoseconds: Int64
    let connectNanoseconds: Int64
    /// How many requests may be under way at once, over all workers.
    package let maximumConnections: Int
    /// How it is found out which targets are well.
    package let healthSettings: HealthConfiguration
    /// What is known of that, by every configuration in turn that has this upstream.
    package let health: UpstreamHealth
    /// When a request's target is ejected; nil for never, as with a single one.
    let ejection: PassiveHealthConfiguration?
    /// Of the window over which failures are counted, in nanoseconds; 0 where they are not.
    let windowEighth: UInt64
    private let failureStatuses: [Int]

    /// - Parameter health: what is known from before; it is used as it is until `takeOverHealth`.
    package init(
        name: String, number: Int, targets: [Target], balance: Balance = .roundRobin,
        headers: [(HeaderName, String)] = [],
        responseHeadersTimeout: Duration = .seconds(60), idleTimeout: Duration = .seconds(300),
        maximumConnections: Int = 512,
        healthSettings: HealthConfiguration = HealthConfiguration(),
        health: UpstreamHealth? = nil, reporter: HealthReporter = .none
    ) {
        precondition(!targets.isEmpty, "an upstream without a target")
        self.name = name
        self.number = number
        self.targets = targets
        self.balance = balance
        self.headers = headers
        setsHost = headers.contains { $0.0.string.lowercased() == "host" }
        self.responseHeadersTimeout = responseHeadersTimeout
        self.idleTimeout = idleTimeout
        idleNanoseconds = idleTimeout.nanoseconds
        headNanoseconds = responseHeadersTimeout.nanoseconds
        connectNanoseconds = targets[0].connectTimeout.nanoseconds
        self.maximumConnections = maximumConnections
        self.healthSettings = healthSettings
        self.health =
            health ?? UpstreamHealth(name, targets.map(\.address), healthSettings, reporter)
        ejection = targets.count > 1 ? healthSettings.passive : nil
        windowEighth = ejection?.windowEighth ?? 0
        failureStatuses = (healthSettings.passive ?? PassiveHealthConfiguration()).statuses
    }

    /// Whether an answer with this status is held against the target that gave it.
    func isFailure(_ status: Int) -> Bool { status >= 500 && failureStatuses.contains(status) }

    /// From now on it is this configuration that is in force.
    func takeOverHealth(at now: MonotonicTime) {
        health.use(targets.map(\.address), healthSettings, at: now)
    }
}
