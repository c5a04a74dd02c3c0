/// What a setting asks of its value beyond the type.
struct SettingRule<Value: SettingValue>: Sendable {
    /// Reads a value and refuses one that breaks the rule.
    var read: @Sendable (ConfigurationValue) throws(ConfigurationError) -> Value = {
        (value) throws(ConfigurationError) in try Value(setting: value)
    }
    /// `from 1s to 24h`.
    var words: String?
    /// What is expected when the setting is missing or wrong.
    var expected = Value.settingType.expected
    /// The rule in the words of JSON Schema, where it has any.
    var schema: [JSONValue.Member] = []

    /// The value is within bounds.
    static func bounds(_ bounds: SettingBounds<Value>) -> Self
    where Value: BoundedSettingValue {
        Self(
            read: { (value) throws(ConfigurationError) in try Value(setting: value, in: bounds) },
            words: bounds.words, expected: Value.settingType.expected(in: bounds),
            schema: schema(bounds))
    }

    /// The value, if there is one, is within bounds.
    static func bounds<Wrapped: BoundedSettingValue>(_ bounds: SettingBounds<Wrapped>) -> Self
    where Value == Wrapped? {
        Self(
            read: { (value) throws(ConfigurationError) in
                value.isNull ? nil : try Wrapped(setting: value, in: bounds)
            },
            words: bounds.words,
            expected: Wrapped.settingType.expected(in: bounds) + " or null",
            schema: schema(bounds))
    }

    /// The string, list or map has that many characters or elements.
    static func count(_ range: some SettingRange<Int>) -> Self where Value: CountedSettingValue {
        let bounds = SettingBounds(range)
        let expected =
            bounds.lowest == 1 && bounds.highest == nil
            ? Value.settingType.expected + " that is not empty"
            : Value.settingType.expected + " with a count \(bounds.words ?? "of any size")"
        return Self(
            read: { (value) throws(ConfigurationError) in
                let read = try Value(setting: value)
                guard bounds.contains(read.count) else {
                    throw ConfigurationError(at: value, expected: expected)
                }
                return read
            },
            words: bounds.lowest == 1 && bounds.highest == nil
                ? "not empty" : bounds.words.map { "count \($0)" },
            expected: expected,
            schema: Value.countSchema(lowest: bounds.lowest, highest: bounds.highest))
    }

    private static func schema<Bound>(_ bounds: SettingBounds<Bound>) -> [JSONValue.Member] {
        [("minimum", bounds.lowest), ("maximum", bounds.highest)].compactMap { name, bound in
            guard let bound, case .number = bound.settingJSON else { return nil }
            return JSONValue.Member(name, bound.settingJSON)
        }
    }
}

/// A setting's type that has a count, so that `@Setting(…, count: 1...)` can bound it.
public protocol CountedSettingValue: SettingValue {
    var count: Int { get }
    static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member]
}
