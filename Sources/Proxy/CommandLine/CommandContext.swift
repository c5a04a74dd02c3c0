import PluginAPI

/// What a command has to work with.
public struct CommandContext: Sendable {
    package let registry: PluginRegistry
    package let environment: [String: String]
    package let commands: [any Command.Type]
    private let output: @Sendable (String) -> Void
    private let complaints: @Sendable (String) -> Void

    /// - Parameters:
    ///   - output: takes lines for standard output.
    ///   - complaints: takes lines for standard error.
    package init(
        registry: PluginRegistry, environment: [String: String], commands: [any Command.Type] = [],
        output: @escaping @Sendable (String) -> Void,
        complaints: @escaping @Sendable (String) -> Void
    ) {
        self.registry = registry
        self.environment = environment
        self.commands = commands
        self.output = output
        self.complaints = complaints
    }

    /// Writes what was asked for.
    public func print(_ text: String) { output(text) }

    /// Tells why it could not be done.
    public func complain(_ text: String) { complaints("sluice: \(text)") }

    /// Reads and builds configurations that are not going to run.
    var quietLoader: ConfigurationLoader {
        ConfigurationLoader(registry: registry, environment: environment) { label, folder in
            Setup(
                label: label, folder: folder, time: SystemTime(), log: .none,
                metrics: MetricsStore(), state: StateStore())
        }
    }
}
