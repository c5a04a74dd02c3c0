/// The name of a field.
extension HeaderName: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "field name", expected: #"a field name such as "x-team""#,
            pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = HeaderName(text) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(string) }
}
