import PluginAPI

/// A host without port, as the Host field names it.
struct HostName: SettingValue {
    /// Lower-case; an IPv6 address in brackets.
    let text: String

    static var settingType: SettingType {
        .notation("host", expected: #"a host such as "api.example.com" or "*.example.com""#)
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        // `*.example.com` stands for every name below it.
        let isPattern = value.string?.hasPrefix("*.") == true
        guard let read = value.string.map({ isPattern ? String($0.dropFirst(2)) : $0 }),
            let (host, port) = HostAndPort.split(read, defaultPort: 0)
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        guard port == 0, bracketed == read.lowercased() else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected + " without port",
                suggestion: bracketed)
        }
        text = isPattern ? "*." + bracketed : bracketed
    }

    var settingJSON: JSONValue { .string(text) }
}
