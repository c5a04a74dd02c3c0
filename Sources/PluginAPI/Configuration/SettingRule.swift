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
        let count = CountBounds<Value>(range)
        return Self(
            read: { (value) throws(ConfigurationError) in try count.read(value) },
            words: count.words, expected: count.expected, schema: count.schema)
    }

    /// The string, list or map, if there is one, has that many characters or elements.
    static func count<Wrapped: CountedSettingValue>(_ range: some SettingRange<Int>) -> Self
    where Value == Wrapped? {
        let count = CountBounds<Wrapped>(range)
        return Self(
            read: { (value) throws(ConfigurationError) in
                value.isNull ? nil : try count.read(value)
            },
            words: count.words, expected: count.expected + " or null", schema: count.schema)
    }

    private static func schema<Bound>(_ bounds: SettingBounds<Bound>) -> [JSONValue.Member] {
        [("minimum", bounds.lowest), ("maximum", bounds.highest)].compactMap { name, bound in
            guard let bound, case .number = bound.settingJSON else { return nil }
            return JSONValue.Member(name, bound.settingJSON)
        }
    }
}
