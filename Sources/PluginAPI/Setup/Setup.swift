/// What an instance of a plugin is given to run with.
public struct Setup: Sendable {
    /// The entry's label, by which logs and metrics name this instance.
    public let label: String
    /// Whether the entry's mode is `observe`: what the plugin would refuse is recorded and let through. So
    /// it should tell clients nothing, and change nothing for others, that only a plugin in force may.
    public package(set) var isObserved = false
    /// The folder of plugins.json, against which relative paths are meant.
    public let folder: String
    public let time: any TimeSource
    /// Its lines carry the label already.
    public let log: Log
    /// Give each metric the label `plugin` with the instance's label, as other plugins do:
    ///
    ///     setup.metrics.counter("blocked_total", "Requests refused.", labels: [("plugin", setup.label)])
    public package(set) var metrics: any Metrics
    /// Counters and the like, shared by all event loops and, with Redis, by all replicas.
    public let state: any SharedState

    public init(
        label: String, folder: String, time: any TimeSource, log: Log, metrics: any Metrics,
        state: any SharedState
    ) {
        self.label = label
        self.folder = folder
        self.time = time
        self.log = log
        self.metrics = metrics
        self.state = state
    }

    /// Those of the process; its own where nobody gave others.
    package var keptObjects = KeptObjects()
    /// How streams are made; nil where no Redis is configured.
    package var makeStream: MakeStream?
    package typealias MakeStream =
        @Sendable (_ name: String, _ maximumLength: Int?) ->
        any StateStream

    /// The proxy's, for those who report it elsewhere.
    package var version = ""
    /// How clients of other servers are made; nil where nothing may be sent, as when a configuration is only
    /// checked or explained.
    package var makePostClient: (@Sendable (HTTPURL) -> any PostClient)?

    /// Whether this instance may send anything to servers elsewhere; not where a configuration is only checked
    /// or explained.
    public var maySend: Bool { makePostClient != nil }

    /// A client that posts to a server elsewhere. Nothing is opened before its first use.
    /// - Returns: nil where nothing may be sent.
    public func postClient(to url: HTTPURL) -> (any PostClient)? { makePostClient?(url) }

    /// A stream for other programs to read, in the Redis of `state`. Nothing is opened before its first use.
    /// - Parameters:
    ///   - name: behind the prefix of all keys.
    ///   - maximumLength: about how many entries stay in it; nil for all.
    /// - Returns: nil where `state` names no Redis.
    public func stream(_ name: String, maximumLength: Int?) -> (any StateStream)? {
        makeStream?(name, maximumLength)
    }

    /// A path of the configuration, made absolute.
    public func path(_ written: String) -> String {
        written.hasPrefix("/") ? written : folder + "/" + written
    }
}
