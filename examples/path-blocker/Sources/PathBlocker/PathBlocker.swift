import PluginAPI

/// Refuses requests whose path is on a list.
public struct PathBlocker: RequestPhase {
    public static let name = "path-blocker"
    public static let summary = "Refuses requests whose path is on a list."

    public struct Configuration: PluginConfiguration {
        @Setting("paths", "Exact paths to refuse.") public var paths: [String] = []

        public init() {}
    }

    private let paths: Set<String>

    public init(_ configuration: Configuration, _ setup: Setup) {
        paths = Set(configuration.paths)
    }

    public func request(_ exchange: Exchange) -> Decision {
        paths.contains(exchange.request.path) ? .refuse(403, reason: "blocked_path") : .proceed
    }
}
