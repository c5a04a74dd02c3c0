import PluginAPI

/// `sluice plugins`: what plugins there are, and the page of one.
package enum PluginsCommand {
    package static let synopsis = "sluice plugins [NAME] [--json]"

    /// - Returns: the exit code: 0 fine, 1 no such plugin, 2 a wrong command line.
    package static func run(
        _ arguments: [String], _ registry: PluginRegistry, print: (String) -> Void,
        complain: (String) -> Void
    ) -> Int32 {
        let isJSON = arguments.contains("--json")
        let names = arguments.filter { $0 != "--json" }
        if names.count > 1 || names.first?.hasPrefix("-") == true {
            complain("unexpected \"\(names.last ?? "")\"\nsynopsis: \(synopsis)")
            return 2
        }
        guard let name = names.first else {
            let references = registry.types.map { PluginReference($0) }
            print(
                isJSON
                    ? JSONValue.array(references.map(\.json)).indented : list(references))
            return 0
        }
        guard let type = registry[name] else {
            complain(.unknown("plugin", name, known: registry.names))
            return 1
        }
        let reference = PluginReference(type)
        print(isJSON ? reference.json.indented : reference.page)
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
