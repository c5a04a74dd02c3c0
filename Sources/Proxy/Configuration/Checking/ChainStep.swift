import PluginAPI

/// A plugin of a chain, as its order is checked.
struct ChainStep {
    let entry: PluginEntry
    let type: any Plugin.Type
    /// Nil where it could not be made.
    let instance: (any Plugin)?

    /// Those of the entries that are enabled and known.
    static func steps(
        _ entries: [PluginEntry], _ registry: PluginRegistry, _ instances: [String: any Plugin]
    ) -> [ChainStep] {
        entries.compactMap { entry in
            guard entry.settings.enabled, let type = entry.name.flatMap({ registry[$0] }) else {
                return nil
            }
            return ChainStep(entry: entry, type: type, instance: instances[entry.label])
        }
    }

    var path: String { "\(entry.source.path)" }
    /// `"ip-limiter"`
    var name: String { "\"\(entry.label)\"" }
    /// `"ip-limiter" (plugins[1])`
    var place: String { "\(name) (\(path))" }

    /// The facts that this instance reads.
    var reads: [FactUse] {
        type.reads.map(FactUse.of).filter { instance?.uses($0) ?? true }
    }

    func write(of fact: String) -> FactUse? {
        type.writes.map(FactUse.of).first { $0.name == fact }
    }
}

extension [String] {
    /// `a`, `a and b`, `a, b and c`
    var inWords: String {
        count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + self[count - 1]
    }
}
