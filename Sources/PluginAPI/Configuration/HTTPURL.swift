/// Where a plugin sends something by itself: `https://collector.example:4318/v1/traces`.
public struct HTTPURL: Sendable, Hashable {
    /// Whether by TLS.
    public let isSecure: Bool
    /// Lower-case; an IPv6 address stands without brackets.
    public let host: String
    public let port: UInt16
    /// The path and the query, as a request line has them: `/v1/traces?team=a`.
    public let target: String

    /// Nil when `text` is no URL of `http` or `https`, or one with a user or a fragment.
    public init?(_ text: String) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts[0].lowercased()
        guard parts.count == 2, scheme == "http" || scheme == "https" else { return nil }
        let isSecure = scheme == "https"
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" }
        let rest = parts[1].dropFirst(authority.count)
        guard let (host, port) = HostAndPort.split(authority, defaultPort: isSecure ? 443 : 80),
            port > 0, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return nil }
        (self.isSecure, self.host, self.port) = (isSecure, host, port)
        target = rest.hasPrefix("/") ? String(rest) : "/" + rest
    }

    /// Without the query, which may hold a secret: for logs.
    public var withoutQuery: String { origin + target.prefix { $0 != "?" } }

    private var origin: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        let scheme = isSecure ? "https" : "http"
        return port == (isSecure ? 443 : 80)
            ? "\(scheme)://\(bracketed)" : "\(scheme)://\(bracketed):\(port)"
    }
}

extension HTTPURL: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "URL", expected: #"a URL such as "https://collector.example:4318/v1/traces""#,
            pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+([/?][^#]*)?$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        guard let read = HTTPURL(text) else {
            // `127.0.0.1:4318/v1/traces`, without the scheme.
            let suggestion = HTTPURL("http://" + text).map { _ in "http://" + text }
            throw ConfigurationError(
                at: text.contains("@") ? value.hidden : value,
                expected: Self.settingType.expected, suggestion: suggestion)
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(origin + target) }
}
