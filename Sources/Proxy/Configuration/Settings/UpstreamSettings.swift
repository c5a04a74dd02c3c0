import PluginAPI

struct UpstreamSettings: SettingsObject {
    @Setting("url", "Where it is: one target.") var url: TargetAddress?
    @Setting("targets", "Where it is, in several places; instead of url.", count: 1...)
    var targets: [TargetSettings] = []
    @Setting("balance", "How a target is chosen among several.") var balance: Balance = .roundRobin
    @Setting(
        "headers", "Fields to set on every request, in place of the client's of the same name.",
        secret: true)
    var headers: HeaderFields = HeaderFields([])
    @Setting("timeouts", "How long the proxy waits for it.")
    var timeouts: UpstreamTimeoutSettings = UpstreamTimeoutSettings()
    @Setting(
        "connections", "Requests under way at once; shared out among the workers.", in: 1...100_000,
        unit: "connections")
    var connections: Int = 512
    @Setting("httpVersion", "The version to speak; auto is what the target offers.")
    var httpVersion: UpstreamHTTPVersion = .auto
    @Setting("tls", "How https targets are verified.")
    var tls: UpstreamTLSSettings = UpstreamTLSSettings()
    @Setting("health", "How it is found out which targets are well.")
    var health: HealthSettings = HealthSettings()

    func validate() throws(ConfigurationError) {
        if url == nil, targets.isEmpty {
            throw ConfigurationError(#"expected "url" or "targets", found neither"#)
        }
        if url != nil, !targets.isEmpty {
            throw ConfigurationError(
                setting: "targets", #"expected "url" or "targets", found both"#)
        }
    }
}

struct TargetSettings: SettingsObject {
    @Setting("url", "Where it is.") var url: TargetAddress
    @Setting("weight", "Its share among the targets.", in: 1...1000) var weight: Int = 1

    var checked: TargetConfiguration { TargetConfiguration(address: url, weight: weight) }
}

struct UpstreamTimeoutSettings: SettingsObject {
    @Setting("connect", "For resolving, connecting and TLS together.")
    var connect: Duration = .seconds(2)
    @Setting("responseHeaders", "From the end of the request to the head of the answer.")
    var responseHeaders: Duration = .seconds(60)
    @Setting("idle", "Between two runs of bytes of the answer.") var idle: Duration = .seconds(300)

    var checked: UpstreamTimeoutConfiguration {
        UpstreamTimeoutConfiguration(
            connect: connect, responseHeaders: responseHeaders, idle: idle)
    }
}

struct UpstreamTLSSettings: SettingsObject {
    @Setting("verify", "Whether the target must prove its name.") var verify: Bool = true
    @Setting("caFile", "A file of trusted certificates (PEM); null for the system's.", count: 1...)
    var caFile: String?
}

extension TargetAddress: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "URL", expected: #"a URL such as "https://api.example.com" or "unix:/path""#,
            pattern: "^([Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+/?|unix:/.+)$")
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        if let path = UnixPath.read(text) {
            self = .unix(path: try UnixPath.checked(path, value))
            return
        }
        let value = text.contains("@") ? value.hidden : value
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts[0].lowercased()
        guard parts.count == 2, scheme == "http" || scheme == "https" else {
            // `api.example.com` or `127.0.0.1:9000`, without the scheme.
            let host = HostAndPort.split(text, defaultPort: 443)
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: host == nil ? nil : (text.contains(":") ? "http://" : "https://") + text
            )
        }
        let authority = parts[1].prefix { !"/?#".contains($0) }
        let rest = parts[1].dropFirst(authority.count)
        guard !authority.contains("@") else {
            throw ConfigurationError(
                at: value, #"expected a URL without a user; set an "authorization" header instead"#)
        }
        guard rest.isEmpty || rest == "/" else {
            throw ConfigurationError(
                at: value,
                "expected a URL without a path, found \(JSONValue.string(String(rest)).abbreviated); "
                    + #"a route's "rewrite" with "addPrefix" puts a path in front"#)
        }
        let isSecure = scheme == "https"
        guard let (host, port) = HostAndPort.split(authority, defaultPort: isSecure ? 443 : 80),
            port > 0
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        self = .tcp(isSecure: isSecure, host: host, port: port)
    }

    package var settingJSON: JSONValue { .string(description) }
}
