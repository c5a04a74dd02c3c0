import PluginAPI

struct HealthSettings: SettingsObject {
    @Setting("passive", "Takes out targets that fail requests; null for not.")
    var passive: PassiveHealthSettings? = PassiveHealthSettings()
    @Setting("active", "Takes out targets that fail requests of the proxy's own; null for none.")
    var active: ActiveHealthSettings?
    @Setting(
        "slowStart", "How long a target that returns takes to get its full share.",
        in: .zero ... .seconds(3600))
    var slowStart: Duration = .seconds(30)

    var checked: HealthConfiguration {
        HealthConfiguration(
            passive: passive?.checked, active: active?.checked, slowStart: slowStart)
    }
}

struct PassiveHealthSettings: SettingsObject {
    @Setting(
        "consecutiveFailures", "Failures in a row that eject a target; null for any number.",
        in: 1...1000, unit: "requests")
    var consecutiveFailures: Int? = 5
    @Setting(
        "errorShare", "The share of failures in window that ejects a target; null for any share.",
        in: 0.01...1)
    var errorShare: Double? = 0.5
    @Setting(
        "minimumRequests", "How many requests there must be in window for errorShare to count.",
        in: 1...100_000, unit: "requests")
    var minimumRequests: Int = 20
    @Setting(
        "window", "Over which errorShare is taken.", in: .seconds(1) ... .seconds(3600))
    var window: Duration = .seconds(10)
    @Setting("statuses", "Statuses of an answer that make it a failure.")
    var statuses: [ServerErrorStatus] = [502, 503, 504]
    @Setting(
        "ejectFor", "How long an ejection lasts; each further one in a row twice as long.",
        in: .milliseconds(100) ... .seconds(86400))
    var ejectFor: Duration = .seconds(10)
    @Setting(
        "ejectForAtMost", "How long one lasts at most.",
        in: .milliseconds(100) ... .seconds(86400))
    var ejectForAtMost: Duration = .seconds(300)
    @Setting(
        "maximumEjected",
        "The share of the targets that may be out; one may always be, and never all.",
        in: 0.01...1)
    var maximumEjected: Double = 0.5

    func validate() throws(ConfigurationError) {
        guard ejectForAtMost < ejectFor else { return }
        // Whoever writes a longer ejectFor than the default bound means that.
        if $ejectForAtMost != nil {
            throw ConfigurationError(
                setting: "ejectForAtMost", "expected at least \"ejectFor\", found less")
        }
    }

    var checked: PassiveHealthConfiguration {
        var checked = PassiveHealthConfiguration()
        checked.consecutiveFailures = consecutiveFailures
        checked.errorShare = errorShare
        checked.minimumRequests = minimumRequests
        checked.window = window
        checked.statuses = statuses.map(\.code)
        checked.ejectFor = ejectFor
        checked.ejectForAtMost = max(ejectFor, ejectForAtMost)
        checked.maximumEjected = maximumEjected
        return checked
    }
}

struct ActiveHealthSettings: SettingsObject {
    @Setting("path", "What each target is asked for, with GET.") var path: CheckPath
    @Setting(
        "interval", "From one check to the next.", in: .milliseconds(100) ... .seconds(3600))
    var interval: Duration = .seconds(5)
    @Setting(
        "timeout", "For the whole of a check.", in: .milliseconds(1) ... .seconds(60))
    var timeout: Duration = .seconds(1)
    @Setting(
        "healthyAfter", "Checks in a row that a target passes before it is used again.",
        in: 1...100, unit: "checks")
    var healthyAfter: Int = 2
    @Setting(
        "unhealthyAfter", "Checks in a row that a target fails before it is used no more.",
        in: 1...100, unit: "checks")
    var unhealthyAfter: Int = 3
    @Setting("statuses", "The statuses that pass.", count: 1...)
    var statuses: [AnswerStatus] = [200]
    @Setting(
        "headers", "Fields to set on checks, over the upstream's own of the same name.",
        secret: true)
    var headers: HeaderFields = HeaderFields([])

    var checked: ActiveHealthConfiguration {
        var checked = ActiveHealthConfiguration(path: path.text)
        checked.interval = interval
        checked.timeout = timeout
        checked.healthyAfter = healthyAfter
        checked.unhealthyAfter = unhealthyAfter
        checked.statuses = statuses.map(\.code)
        checked.headers = headers.fields
        return checked
    }
}
