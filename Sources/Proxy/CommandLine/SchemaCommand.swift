import PluginAPI

/// `sluice schema`: the JSON Schema of plugins.json, for editors.
package enum SchemaCommand {
    package static let synopsis = "sluice schema"

    /// - Returns: the exit code: 0 fine, 2 a wrong command line.
    package static func run(
        _ arguments: [String], _ registry: PluginRegistry, print: (String) -> Void,
        complain: (String) -> Void
    ) -> Int32 {
        guard let unexpected = arguments.first else {
            print(ConfigurationSchema.make(registry).indented)
            return 0
        }
        complain("unexpected \"\(unexpected)\"\nsynopsis: \(synopsis)")
        return 2
    }
}
