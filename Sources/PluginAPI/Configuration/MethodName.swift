/// A method (RFC 9110 §9.1), in capitals.
public struct MethodName: SettingValue {
    public let text: String

    public static var settingType: SettingType {
        .notation("method", expected: #"a method such as "POST""#, pattern: "^[A-Z][A-Z0-9_-]*$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let read = value.string, Self.isMethod(read) else {
            let capitals = value.string?.uppercased()
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: capitals.flatMap { Self.isMethod($0) ? $0 : nil })
        }
        text = read
    }

    private static func isMethod(_ text: String) -> Bool {
        guard let first = text.utf8.first, 0x41...0x5A ~= first else { return false }
        return text.utf8.allSatisfy {
            0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D || $0 == 0x5F
        }
    }

    public var settingJSON: JSONValue { .string(text) }
}
