/// A moment, as RFC 3339 writes it.
extension WallTime: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "time", expected: #"a time such as "2026-12-31T23:59:59Z""#, unit: "RFC 3339",
            pattern:
                "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
        )
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = WallTime(rfc3339: text) else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap(Self.suggestion))
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(description) }

    private static func suggestion(_ text: String) -> String? {
        let dated = text.replacing(" ", with: "T", maxReplacements: 1)
        return [dated, dated + "Z", dated + "T00:00:00Z"].first { WallTime(rfc3339: $0) != nil }
    }
}
