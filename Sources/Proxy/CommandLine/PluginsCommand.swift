import PluginAPI

/// `sluice plugins`
package enum PluginsCommand: Command {
    package static let name = "plugins"
    package static let summary = "lists the plugins, or tells all about one"
    package static let synopsis = "sluice plugins [NAME] [--json]"

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let isJSON = arguments.flag("--json")
        let name = arguments.word()
        try arguments.end()
        guard let name else {
            let references = context.registry.types.map { PluginReference($0) }
            context.print(
                isJSON ? JSONValue.array(references.map(\.json)).indented : list(references))
            return 0
        }
        guard let type = context.registry[name] else {
            context.complain(.unknown("plugin", name, known: context.registry.names))
            return 1
        }
        let reference = PluginReference(type)
        context.print(isJSON ? reference.json.indented : reference.page)
        return 0
    }

    private static func list(_ references: [PluginReference]) -> String {
        let width = references.map(\.name.count).max() ?? 0
        return references.map { reference in
            let padding = String(repeating: " ", count: width - reference.name.count)
            return reference.summary.isEmpty
                ? reference.name : "\(reference.name)\(padding)  \(reference.summary)"
        }.joined(separator: "\n")
    }
}
