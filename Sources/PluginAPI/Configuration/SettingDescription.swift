/// What is known of one setting, for people and for editors.
public struct SettingDescription: Sendable {
    /// The key in the file.
    public let key: String
    /// What it does, in a sentence.
    public let meaning: String
    public let type: SettingType
    /// What the value is counted in; nil when that would say nothing.
    public let unit: String?
    /// `from 1s to 24h`; nil when there are none.
    public let bounds: String?
    /// What is expected, as an error says it.
    public let expected: String
    /// As it would be written in the file; nil when the setting is required.
    public let defaultValue: JSONValue?
    /// Whether the value must never be shown.
    public let isSecret: Bool
    /// The bounds in the words of JSON Schema, where it has any.
    package let boundsSchema: [JSONValue.Member]

    public var isRequired: Bool { defaultValue == nil }
}
