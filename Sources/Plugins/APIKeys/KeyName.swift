import PluginAPI

/// An identity or a tier: a word that stands in logs, and in a line of a file of keys.
public struct KeyName {
    let text: String
}

extension KeyName: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "name", expected: #"a name without white space such as "alice""#,
            pattern: "^[^ \\t\\r\\n]+$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, (1...256).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({
                $0.value > 0x20 && ($0.isASCII || !$0.properties.isWhitespace)
            }),
            // What sha256sum prints behind a hash, where the identity was to be put in its place.
            text != "-"
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        self.text = text
    }

    public var settingJSON: JSONValue { .string(text) }
}
