import PluginAPI

/// A key as the configuration knows it: by its SHA-256 digest.
struct KeyHash {
    let digest: SHA256
}

extension KeyHash: SettingValue {
    static var settingType: SettingType {
        .notation(
            "SHA-256 hash",
            expected:
                "a SHA-256 hash of 64 hexadecimal digits, as `printf %s KEY | sha256sum` prints it",
            pattern: "^[0-9A-Fa-f]{64}$")
    }

    init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let digest = SHA256(hexadecimal: text) else {
            // What stands here may be the key itself.
            throw ConfigurationError(at: value.hidden, expected: Self.settingType.expected)
        }
        self.digest = digest
    }

    var settingJSON: JSONValue { .string(digest.description) }
}
