import PluginAPI

/// One value, or a list of them.
struct OneOrList<Value: SettingValue>: SettingValue {
    let values: [Value]

    static var settingType: SettingType {
        .either(
            [Value.settingType, .list(of: Value.settingType)],
            expected: Value.settingType.expected + ", or a list of them")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard value.array != nil else {
            values = [try Value(setting: value)]
            return
        }
        values = try [Value](setting: value)
        guard !values.isEmpty else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
    }

    var settingJSON: JSONValue { values.settingJSON }
}
