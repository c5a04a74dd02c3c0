import PluginAPI

extension ConfigurationBuilder {
    /// Nil when something is wrong with it, which has been noted.
    mutating func upstream(_ name: String, _ source: ConfigurationValue)
        -> UpstreamConfiguration?
    {
        var errors = ConfigurationError.Collector()
        let settings = UpstreamSettings.partial(source, &errors)
        findings.add(ConfigurationError(errors.issues))
        let written =
            settings.url.map { [TargetConfiguration(address: $0, weight: 1)] }
            ?? settings.targets.map(\.checked)
        checkTargets(written, settings)
        checkHealth(settings.health, targets: written.count)
        let certificates = certificates(settings.tls)
        guard errors.count == 0 else { return nil }
        return UpstreamConfiguration(
            name: name,
            targets: upstreamTarget.map { [TargetConfiguration(address: $0, weight: 1)] }
                ?? written,
            balance: settings.balance, headers: settings.headers.fields,
            timeouts: settings.timeouts.checked, connections: settings.connections,
            httpVersion: settings.httpVersion,
            tls: UpstreamTLSConfiguration(
                verify: settings.tls.verify, caFile: certificates),
            health: upstreamTarget == nil ? settings.health.checked : HealthConfiguration())
    }

    private mutating func checkTargets(
        _ targets: [TargetConfiguration], _ settings: UpstreamSettings
    ) {
        for (index, target) in targets.enumerated() {
            guard let first = targets.firstIndex(where: { $0.address == target.address }),
                first < index, let source = settings.$targets?.array?[index]
            else { continue }
            findings.error(
                at: source,
                "the same target as targets[\(first)]; give that one a higher \"weight\"")
        }
    }

    private mutating func certificates(_ settings: UpstreamTLSSettings) -> String? {
        guard let written = settings.caFile, let source = settings.$caFile else { return nil }
        let path = written.hasPrefix("/") ? written : folder + "/" + written
        if case .failure(let problem) = FileContent.read(path, limit: 16 << 20) {
            findings.error(
                at: source,
                "expected a readable file, found \(JSONValue.string(written).abbreviated): \(problem.reason)"
            )
        }
        return path
    }
}
