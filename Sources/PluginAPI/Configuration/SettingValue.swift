/// A type that can stand in plugins.json as the value of a `@Setting`.
///
/// The library has `Bool`, `Int`, `Double`, `String`, `Duration`, `ByteSize`, `Rate`, `Network`,
/// optionals, arrays, `[String: Value]`, `NamedValues`, enums of strings (`SettingChoice`) and
/// objects (`SettingsObject`). A type of your own reads a simpler one first:
///
///     extension Percentage: SettingValue {
///         public static var settingType: SettingType {
///             .notation("percentage", expected: #"a percentage such as "25%""#)
///         }
///         public init(setting value: ConfigurationValue) throws(ConfigurationError) {
///             guard let text = value.string, let parsed = Percentage(text) else {
///                 throw ConfigurationError(at: value, expected: Self.settingType.expected)
///             }
///             self = parsed
///         }
///         public var settingJSON: JSONValue { .string(description) }
///     }
public protocol SettingValue: Sendable {
    /// How the type is described to people and to editors.
    static var settingType: SettingType { get }

    /// Reads the value that stands in the file.
    init(setting value: ConfigurationValue) throws(ConfigurationError)

    /// The value as it would be written in the file.
    var settingJSON: JSONValue { get }

    /// What a setting without default is when its key is absent; nil when the key is required.
    static var valueWhenAbsent: Self? { get }
}

extension SettingValue {
    public static var valueWhenAbsent: Self? { nil }
}
