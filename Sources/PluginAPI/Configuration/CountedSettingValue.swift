/// A setting's type that has a count, so that `@Setting(…, count: 1...)` can bound it.
public protocol CountedSettingValue: SettingValue {
    /// How many characters, elements or keys it has.
    var count: Int { get }

    /// The bounds in the words of JSON Schema.
    static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member]
}

/// How many characters, elements or keys a value may have.
struct CountBounds<Value: CountedSettingValue>: Sendable {
    private let bounds: SettingBounds<Int>

    init(_ range: some SettingRange<Int>) { bounds = SettingBounds(range) }

    private var isAnyButEmpty: Bool { bounds.lowest == 1 && bounds.highest == nil }

    var words: String? { isAnyButEmpty ? "not empty" : bounds.words.map { "count \($0)" } }

    var expected: String {
        let type = Value.settingType.expected
        return isAnyButEmpty
            ? type + " that is not empty"
            : type + (bounds.words.map { " with a count \($0)" } ?? "")
    }

    var schema: [JSONValue.Member] {
        Value.countSchema(lowest: bounds.lowest, highest: bounds.highest)
    }

    func read(_ value: ConfigurationValue) throws(ConfigurationError) -> Value {
        let read = try Value(setting: value)
        guard bounds.contains(read.count) else {
            throw ConfigurationError(at: value, expected: expected)
        }
        return read
    }
}
