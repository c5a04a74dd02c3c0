/// CIDR notation, or one address.
extension Network: SettingValue {
    public static var settingType: SettingType {
        .notation("network", expected: #"a network such as "10.0.0.0/8""#)
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = Network(text) else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap(Self.suggestion))
        }
        self = read
    }

    public var settingJSON: JSONValue { .string(description) }

    /// `10.0.0.1/8` without the bits behind the prefix.
    static func suggestion(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]),
            (0...(address.isV4 ? 32 : 128)).contains(length)
        else { return nil }
        return Network(address, prefixLength: length).description
    }
}
