import PluginAPI

/// Tells operators what changes in the health of targets: once in the log, and counted.
package struct HealthReporter: Sendable {
    private let log: Log
    /// Nil where nothing is counted, as in a check of the configuration.
    private let metrics: (any Metrics)?

    package init(log: Log, metrics: (any Metrics)?) {
        self.log = log
        self.metrics = metrics
    }

    package static let none = HealthReporter(log: .none, metrics: nil)

    // MARK: - Counting

    func failures(_ upstream: String, _ target: TargetAddress) -> Counter {
        metrics?.counter(
            "upstream_failures_total", "Requests that a target failed.",
            labels: Self.labels(upstream, target)) ?? Counter()
    }

    /// Makes the series of what may be counted, so that a first time is an increase.
    func prepare(
        _ upstream: String, _ targets: [TargetAddress], _ settings: HealthConfiguration
    ) {
        for target in targets {
            if settings.passive != nil, targets.count > 1 {
                for kind in EjectionCause.Kind.allCases { _ = ejections(upstream, target, kind) }
            }
            if settings.active != nil {
                for hasPassed in [true, false] { _ = checks(upstream, target, hasPassed) }
            }
        }
    }

    func count(_ upstream: String, _ target: TargetAddress, hasPassed: Bool) {
        checks(upstream, target, hasPassed)?.add()
    }

    private func ejections(
        _ upstream: String, _ target: TargetAddress, _ kind: EjectionCause.Kind
    ) -> Counter? {
        metrics?.counter(
            "upstream_ejections_total", "Ejections of targets that failed requests.",
            labels: Self.labels(upstream, target) + [("reason", kind.rawValue)])
    }

    private func checks(_ upstream: String, _ target: TargetAddress, _ hasPassed: Bool) -> Counter?
    {
        metrics?.counter(
            "upstream_checks_total", "Health checks of targets.",
            labels: Self.labels(upstream, target) + [("result", hasPassed ? "pass" : "fail")])
    }

    private static func labels(_ upstream: String, _ target: TargetAddress) -> [(String, String)] {
        [("upstream", upstream), ("target", target.description)]
    }

    // MARK: - Telling

    func report(_ change: HealthChange, of upstream: String) {
        func fields(_ target: TargetAddress, _ added: (String, String)...) -> [(String, String)] {
            Self.labels(upstream, target) + added
        }
        switch change {
        case .ejected(let target, let cause, let length):
            ejections(upstream, target, cause.kind)?.add()
            log(
                .warning, "upstream target ejected",
                fields(target, ("reason", cause.detail), ("for", Self.words(length))))
        case .spared(let target, let cause):
            log(
                .warning, "upstream target not ejected, because too many others are out",
                fields(target, ("reason", cause.detail)))
        case .returned(let target):
            log(.info, "upstream target is back", fields(target))
        case .failedChecks(let target, let why):
            log(.warning, "upstream target fails its checks", fields(target, ("reason", why)))
        case .passedChecks(let target):
            log(.info, "upstream target passes its checks again", fields(target))
        case .panicBegan:
            log(
                .error, "no target of the upstream is well, so all are used",
                [("upstream", upstream)])
        case .panicEnded:
            log(.info, "a target of the upstream is well again", [("upstream", upstream)])
        }
    }

    /// As in plugins.json.
    private static func words(_ duration: Duration) -> String {
        if case .string(let text) = duration.settingJSON { text } else { "\(duration)" }
    }
}
