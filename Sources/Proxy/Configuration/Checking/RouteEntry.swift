import PluginAPI

/// A route as it is being checked.
struct RouteEntry {
    let source: ConfigurationValue
    let settings: RouteSettings
    /// As given, or else its path.
    let name: String
    /// Whether what it matches could not be read.
    let hasErrors: Bool
    var entries: [PluginEntry]

    init(_ source: ConfigurationValue, _ findings: inout Findings) {
        self.source = source
        var errors = ConfigurationError.Collector()
        settings = RouteSettings.partial(source, &errors)
        hasErrors = errors.count > 0
        findings.add(ConfigurationError(errors.issues))
        let name = settings.name ?? settings.path.written
        self.name = name
        entries = settings.plugins.map { PluginEntry($0.source, route: name, &findings) }
    }

    func checked(upstreams: [String], plugins: [ConfiguredPlugin]) -> RouteConfiguration {
        RouteConfiguration(
            name: name, hosts: settings.host?.values.map(\.text) ?? [],
            methods: settings.methods.map(\.text), path: settings.path,
            upstream: settings.upstream.flatMap { upstreams.firstIndex(of: $0) }, plugins: plugins,
            rewrite: settings.rewrite.checked)
    }
}
