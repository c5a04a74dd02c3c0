import PluginAPI

/// An entry of a chain as it is being checked.
struct PluginEntry {
    let source: ConfigurationValue
    let settings: PluginEntrySettings
    /// The plugin's name as written; nil when none could be read.
    let name: String?
    /// The name of the route in whose list it stands; nil for the head of every chain.
    let route: String?
    var label = ""

    init(_ source: ConfigurationValue, route: String?, _ findings: inout Findings) {
        self.source = source
        self.route = route
        var errors = ConfigurationError.Collector()
        settings = PluginEntrySettings.partial(source, &errors)
        findings.add(ConfigurationError(errors.issues))
        name = settings.$plugin?.string
        hasErrors = errors.count > 0
    }

    private let hasErrors: Bool

    /// Whether a request may end here, as far as can be known. A plugin that nobody knows may do anything.
    func mayAnswer(_ registry: PluginRegistry) -> Bool {
        guard settings.enabled, let name else { return false }
        guard let type = registry[name] else { return true }
        return type is any RequestPhase.Type || type is any SharedStatePhase.Type
            || type is any AsyncRequestPhase.Type || type is any WholeRequestPhase.Type
    }

    /// What became of it.
    struct Built {
        /// Nil when it is wrong or not enabled.
        let enabled: ConfiguredPlugin?
        /// The entry with its defaults.
        let json: JSONValue
    }

    func build(
        _ setup: (String) -> Setup, _ registry: PluginRegistry, _ findings: inout Findings
    ) -> Built {
        let nothing = Built(enabled: nil, json: .null)
        guard let name, let nameSource = settings.$plugin else { return nothing }
        guard let type = registry[name] else {
            findings.error(at: nameSource, .unknown("plugin", name, known: registry.names))
            return nothing
        }
        let config =
            settings.config
            ?? ConfigurationValue(
                .object([]), position: source.position, path: .key(source.path, "config"))
        do throws(ConfigurationError) {
            let built = try PluginRegistry.build(type, config, setup(label))
            guard !hasErrors else { return nothing }
            let configured = ConfiguredPlugin(
                label: label, name: name, mode: settings.mode, instance: built.instance,
                configuration: built.configuration)
            return Built(
                enabled: settings.enabled ? configured : nil,
                json: settings.settingJSON.replacing("label", .string(label))
                    .replacing("config", built.configuration))
        } catch {
            findings.add(error)
            return nothing
        }
    }
}

// MARK: Labels

extension PluginEntry {
    /// Gives every entry a label of its own.
    ///
    /// It is the one in the file, else the plugin's name; where a plugin stands in several lists, an
    /// entry of a route adds the route's name, `ip-limiter@search`.
    static func giveLabels(
        _ head: inout [PluginEntry], _ routes: inout [RouteEntry], _ findings: inout Findings
    ) {
        var uses: [String: Int] = [:]
        for entry in head + routes.flatMap(\.entries) where entry.settings.label == nil {
            uses[entry.name ?? "", default: 0] += 1
        }
        var taken: [String: ConfigurationPath] = [:]
        for index in head.indices { head[index].giveLabel(uses, &taken, &findings) }
        for route in routes.indices {
            for index in routes[route].entries.indices {
                routes[route].entries[index].giveLabel(uses, &taken, &findings)
            }
        }
    }

    private mutating func giveLabel(
        _ uses: [String: Int], _ taken: inout [String: ConfigurationPath],
        _ findings: inout Findings
    ) {
        guard let name else { return }
        let isAlone = uses[name] == 1
        label = settings.label ?? (isAlone ? name : name + (route.map { "@\($0)" } ?? ""))
        guard let first = taken[label] else {
            taken[label] = source.path
            return
        }
        let shown = JSONValue.string(label).abbreviated
        if let written = settings.$label, settings.label != nil {
            findings.error(
                at: written, "the label \(shown) is taken by \(first); expected one of its own")
        } else {
            findings.error(
                at: source,
                "\(shown) stands at \(first) too; give one of them a \"label\", by which logs and metrics tell them apart"
            )
        }
    }
}
