import PluginAPI

/// One plugin in a chain.
struct PluginEntrySettings: SettingsObject {
    @Setting("plugin", "The plugin's name.") var plugin: PluginName
    @Setting(
        "label",
        "By which logs and metrics name this entry, to tell two of the same plugin apart.",
        count: 1...100)
    var label: String?
    @Setting("enabled", "Whether it takes part; it is checked all the same.")
    var enabled: Bool = true
    @Setting(
        "mode",
        "observe: what it would refuse is counted, logged and let through.")
    var mode: PluginMode = .enforce
    @Setting("config", "The plugin's own settings.") var config: ConfigurationValue?

    /// What stands under `config` depends on `plugin`, so the schema has a place of its own for it.
    static var settingType: SettingType { .reference("pluginEntry") }
}

struct PluginName: SettingValue {
    let text: String

    static var settingType: SettingType {
        .notation("name", expected: "the name of a plugin")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let read = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        text = read
    }

    var settingJSON: JSONValue { .string(text) }
}
