import PluginAPI

/// The keys that stand in plugins.json itself.
///
/// A list of `KeySettings`, but for errors: where a key stands as it is, none may repeat it.
public struct KeyList: SettingValue {
    let keys: [KeySettings]

    init() { keys = [] }

    public static var settingType: SettingType { .list(of: KeySettings.settingType) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let elements = value.array else {
            throw ConfigurationError(at: value.hidden, expected: Self.settingType.expected)
        }
        var keys: [KeySettings] = []
        var errors: [ConfigurationError] = []
        for element in elements {
            do throws(ConfigurationError) {
                guard element["hash"] != nil else {
                    throw ConfigurationError(
                        at: element,
                        "expected an object with \"identity\" and \"hash\", "
                            + KeyHash.settingType.expected)
                }
                keys.append(try KeySettings(setting: element))
            } catch {
                errors.append(error)
            }
        }
        guard errors.isEmpty else { throw ConfigurationError(errors) }
        self.keys = keys
    }

    public var settingJSON: JSONValue { .array(keys.map(\.settingJSON)) }
}
