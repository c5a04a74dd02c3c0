/// An enum of strings that can stand in plugins.json:
///
///     enum Policy: String, SettingChoice { case local, allow, deny }
public protocol SettingChoice: SettingValue, RawRepresentable, CaseIterable
where RawValue == String {}

extension SettingChoice {
    public static var settingType: SettingType { .choice(allCases.map(\.rawValue)) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let name = value.string, let read = Self(rawValue: name) else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap {
                    Spelling.nearest(to: $0, among: Self.allCases.map(\.rawValue))
                })
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(rawValue) }
}
