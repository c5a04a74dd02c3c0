import PluginAPI

/// Tells operators of the mode: its start and end in the log, and what is counted in the metrics.
struct VelocityReport: Sendable {
    private let log: Log
    private let multiplier: Double
    private let requests: Counter
    private let activations: Counter
    private let failures: [Counter]

    init(of scope: VelocityScope, multiplier: Double, _ setup: Setup) {
        var labels = [("plugin", setup.label)]
        var log = setup.log
        if let upstream = scope.upstream {
            labels.append(("upstream", upstream))
            log = log.with(("upstream", upstream))
        }
        self.log = log
        self.multiplier = multiplier
        requests = setup.metrics.counter(
            "velocity_requests_total", "Requests that tell whether the upstream is well.",
            labels: labels)
        activations = setup.metrics.counter(
            "velocity_activations_total", "Times that this process has started velocity mode.",
            labels: labels)
        failures = UpstreamVerdict.allCases.map {
            $0 == .success
                ? Counter()
                : setup.metrics.counter(
                    "velocity_failures_total", "Those of them that the upstream has failed.",
                    labels: labels + [("status", $0.name)])
        }
        let time = setup.time
        setup.metrics.gauge(
            "velocity_active", "Whether velocity mode is on (1) or off (0).", labels: labels
        ) { [weak scope] in scope?.isActive(at: time.monotonic) == true ? 1 : 0 }
    }

    func count(_ counts: VelocityCounts) {
        requests.add(Int(counts.total))
        for (verdict, count) in counts.breakdown { failures[verdict.rawValue].add(count) }
    }

    func tell(_ event: VelocityHistory.Event) {
        switch event {
        case .started(let activation):
            activations.add()
            log(.warning, "velocity mode started", fields(of: activation))
        case .takenOver(let activation):
            log(
                .warning, "velocity mode taken over",
                fields(of: activation) + [("since", "\(activation.since)")])
        case .ended(let ending):
            log(
                .info, "velocity mode ended",
                [("reason", ending.reason.rawValue), ("lasted", ending.lasted.inSeconds)])
        }
    }

    private func fields(of activation: VelocityHistory.Activation) -> [(String, String)] {
        let cause = activation.cause
        return [
            ("share", cause.share.asShare), ("failures", "\(Int(cause.failures))"),
            ("requests", "\(Int(cause.total))"),
            (
                "statuses",
                cause.breakdown.map { "\($0.verdict.name) × \($0.count)" }.joined(separator: ", ")
            ),
            ("multiplier", "\(multiplier)"), ("until", "\(activation.until)"),
        ]
    }
}

extension VelocityCounts {
    var json: JSONValue {
        [
            "requests": .number(Int(total)),
            "failures": .number(Int(failures)),
            "share": .number(share.asShare),
            "statuses": .object(breakdown.map { .init($0.verdict.name, .number($0.count)) }),
        ]
    }
}

extension Double {
    /// To four decimals.
    fileprivate var asShare: String { "\((self * 10_000).rounded() / 10_000)" }
}

extension Duration {
    /// `62.5s`
    fileprivate var inSeconds: String { "\((seconds * 10).rounded() / 10)s" }
}
