import PluginAPI

/// `sluice schema`
package enum SchemaCommand: Command {
    package static let name = "schema"
    package static let summary = "prints a JSON Schema of plugins.json, for editors"
    package static let synopsis = "sluice schema"

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        try arguments.end()
        context.print(ConfigurationSchema.make(context.registry).indented)
        return 0
    }
}
