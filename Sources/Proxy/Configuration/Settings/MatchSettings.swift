import PluginAPI

/// A method (RFC 9110 §9.1), in capitals.
struct MethodName: SettingValue {
    let text: String

    static var settingType: SettingType {
        .notation("method", expected: #"a method such as "POST""#, pattern: "^[A-Z][A-Z0-9_-]*$")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let read = value.string, Self.isMethod(read) else {
            let capitals = value.string?.uppercased()
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: capitals.flatMap { Self.isMethod($0) ? $0 : nil })
        }
        text = read
    }

    private static func isMethod(_ text: String) -> Bool {
        guard let first = text.utf8.first, 0x41...0x5A ~= first else { return false }
        return text.utf8.allSatisfy {
            0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D || $0 == 0x5F
        }
    }

    var settingJSON: JSONValue { .string(text) }
}

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
