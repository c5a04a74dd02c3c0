import PluginAPI

/// The status of a final answer (RFC 9110 §15).
struct AnswerStatus: SettingValue, ExpressibleByIntegerLiteral {
    let code: Int

    init(integerLiteral code: Int) { self.code = code }

    static var settingType: SettingType { .integer }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        code = try Int(setting: value, in: SettingBounds(lowest: 200, highest: 599))
    }

    var settingJSON: JSONValue { .number(code) }
}

/// A status by which a server owns to a fault (RFC 9110 §15.6). What clients are at fault for is not to be
/// held against a target, or one client could have any target ejected.
struct ServerErrorStatus: SettingValue, ExpressibleByIntegerLiteral {
    let code: Int

    init(integerLiteral code: Int) { self.code = code }

    static var settingType: SettingType { .integer }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        code = try Int(setting: value, in: SettingBounds(lowest: 500, highest: 599))
    }

    var settingJSON: JSONValue { .number(code) }
}
