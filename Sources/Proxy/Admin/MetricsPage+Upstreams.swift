import PluginAPI

extension MetricsPage {
    /// How it stands with the targets of the configuration in force.
    static func renderUpstreams(
        _ upstreams: [Upstream], _ now: MonotonicTime, _ text: inout PrometheusText
    ) {
        let reports = upstreams.sorted { $0.name < $1.name }.map { ($0.name, $0.report(at: now)) }
        func targets(_ name: String, _ help: String, _ value: (TargetReport) -> Double) {
            text.family(name, "gauge", help)
            for (upstream, report) in reports {
                for target in report.targets {
                    text.sample(
                        name, [("upstream", upstream), ("target", target.name)], value(target))
                }
            }
        }
        targets("upstream_target_up", "Whether a target gets requests (0 or 1).") {
            $0.standing.isUsable ? 1 : 0
        }
        targets(
            "upstream_target_share",
            "Of the share of the requests that its weight gives a target, what it gets (0 to 1)."
        ) { Double($0.share) / Double(HealthTable.fullShare) }
        targets("upstream_target_requests_in_flight", "Requests that a target has.") {
            Double($0.requestsInFlight)
        }
        text.family(
            "upstream_panic", "gauge",
            "Whether no target of an upstream is well, so that all are used (0 or 1).")
        for (upstream, report) in reports {
            text.sample("upstream_panic", [("upstream", upstream)], report.isInPanic ? 1.0 : 0.0)
        }
    }
}
