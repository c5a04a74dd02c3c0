import PluginAPI

/// The day whose prices are written down: `2026-11-05`.
struct PriceDate: Sendable, Hashable {
    let text: String

    init?(_ text: String) {
        guard text.utf8.count == 10, WallTime(rfc3339: text + "T00:00:00Z") != nil else {
            return nil
        }
        self.text = text
    }
}

extension PriceDate: SettingValue {
    static var settingType: SettingType {
        .notation(
            "date", expected: #"a date such as "2026-11-05""#,
            pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = PriceDate(text) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = read
    }

    var settingJSON: JSONValue { .string(text) }
}
