import PluginAPI

/// A value that is read after the object around it, so that what is wrong in one of many hides
/// nothing about the others.
struct Deferred<Value: SettingsObject>: SettingValue {
    let source: ConfigurationValue

    static var settingType: SettingType { Value.settingType }

    init(setting value: ConfigurationValue) { source = value }

    var settingJSON: JSONValue {
        (try? Value(setting: source))?.settingJSON ?? source.writtenJSON
    }
}
