import PluginAPI

/// The status of a refusal.
enum BudgetStatus: Int, Sendable, CaseIterable {
    case paymentRequired = 402
    case tooManyRequests = 429
}

extension BudgetStatus: SettingValue {
    static var settingType: SettingType { .either([.integer], expected: "402 or 429") }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let number = try? Int(setting: value), let status = Self(rawValue: number) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = status
    }

    var settingJSON: JSONValue { .number(rawValue) }
}
