import PluginAPI

/// A path, exact or a prefix that ends in `/*`.
extension RoutePath: SettingValue {
    package static var settingType: SettingType {
        .notation(
            "path", expected: #"a path such as "/v1/models" or "/v1/*""#,
            pattern: "^/([^*?#]*|[^*?#]*/\\*|\\*)$")
    }

    package init(setting value: ConfigurationValue) throws(ConfigurationError) {
        let text = try PathText.read(value, expected: Self.settingType.expected)
        if text.hasSuffix("/*"), !text.dropLast().contains("*") {
            self = .prefix(String(text.dropLast()))
        } else if !text.contains("*") {
            self = .exact(text)
        } else {
            throw ConfigurationError(
                at: value,
                #"expected "*" only at the end, after a slash, found "#
                    + JSONValue.string(text).abbreviated)
        }
    }

    package var settingJSON: JSONValue { .string(written) }
}

/// What is put in front of a path or taken away there: `/api`, without a slash at the end.
struct PathPrefix: SettingValue {
    let text: String

    static var settingType: SettingType {
        .notation(
            "path prefix", expected: #"a path such as "/api""#, pattern: "^/[^*?#]*[^*?#/]$")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        text = try PathText.read(value, expected: Self.settingType.expected)
        guard !text.hasSuffix("/"), !text.contains("*") else {
            throw ConfigurationError(
                at: value, expected: #"a path such as "/api", without "/" or "*" at its end"#)
        }
    }

    var settingJSON: JSONValue { .string(text) }
}

/// What a health check asks for: a path, and a query if there is one.
struct CheckPath: SettingValue {
    let text: String

    static var settingType: SettingType {
        .notation("path", expected: #"a path such as "/healthz""#, pattern: "^/[^#]*$")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        text = try PathText.read(
            value, expected: Self.settingType.expected, allowsQuery: true)
    }

    var settingJSON: JSONValue { .string(text) }
}

/// The path of a request's target (RFC 9112 §3.2.1).
enum PathText {
    /// Begins with a slash and has only characters that a request's target may have.
    static func read(
        _ value: ConfigurationValue, expected: String, allowsQuery: Bool = false
    ) throws(ConfigurationError) -> String {
        guard let text = value.string, text.hasPrefix("/") else {
            throw ConfigurationError(
                at: value, expected: expected,
                suggestion: value.string.flatMap {
                    $0.isEmpty || $0.contains("://") ? nil : "/\($0)"
                })
        }
        guard
            text.utf8.allSatisfy({
                0x21...0x7E ~= $0 && ($0 != 0x3F || allowsQuery) && $0 != 0x23
            })
        else {
            throw ConfigurationError(
                at: value,
                expected: "a path without \(allowsQuery ? "" : "\"?\" and ")\"#\", "
                    + "other characters than visible ASCII percent-encoded"
            )
        }
        return text
    }
}
