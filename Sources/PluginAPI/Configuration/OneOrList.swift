/// One value, or a list of at least one: `"60/m"`, `["10/s", "1000/h"]`.
public struct OneOrList<Value: SettingValue>: SettingValue {
    public let values: [Value]

    public init(_ values: Value...) { self.values = values }

    public static var settingType: SettingType {
        .either(
            [Value.settingType, .list(of: Value.settingType)],
            expected: Value.settingType.expected + ", or a list of them")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard value.array != nil else {
            values = [try Value(setting: value)]
            return
        }
        values = try [Value](setting: value)
        guard !values.isEmpty else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
    }

    public var settingJSON: JSONValue { values.settingJSON }
}
