import PluginAPI

extension ConfigurationBuilder {
    /// Warns of what is allowed and does nothing, or something else than it seems to.
    mutating func checkHealth(_ health: HealthSettings, targets: Int) {
        if let source = health.$passive, !source.isNull, targets == 1 {
            findings.warning(
                at: source, "there is one target, and the last one is never ejected")
        }
        if let passive = health.passive, let source = health.$passive,
            passive.consecutiveFailures == nil, passive.errorShare == nil
        {
            findings.warning(
                at: source,
                "nothing ejects a target: both \"consecutiveFailures\" and \"errorShare\" are null")
        }
        if let source = health.$slowStart, health.passive == nil, health.active == nil {
            findings.warning(
                at: source,
                "no target returns, because none is taken out: \"passive\" and \"active\" are null")
        }
        if let active = health.active, let source = active.$timeout ?? active.$interval,
            active.timeout > active.interval
        {
            findings.warning(
                at: source,
                "a check may take longer than \"interval\": the next one waits for its end")
        }
    }
}
