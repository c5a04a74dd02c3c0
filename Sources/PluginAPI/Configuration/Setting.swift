/// One key of an object in plugins.json, declared where its value is used.
///
///     @Setting("paths", "Exact paths to refuse.") var paths: [String] = []       // has a default
///     @Setting("limit", "Requests per client.") var limit: Rate                   // is required
///     @Setting("file", "Where records go.") var file: String?                     // may be absent
///     @Setting("window", "Length of the window.", in: .seconds(1) ... .seconds(86400))
///     var window: Duration = .seconds(60)
///     @Setting("networks", "Who is trusted.", count: 1...) var networks: [Network]
///
/// A default is not checked against the bounds. Assigning to the property, as a test does, changes
/// this copy of the configuration only.
@propertyWrapper
public struct Setting<Value: SettingValue>: Sendable {
    /// The key in the file.
    public let key: String
    let meaning: String
    let unit: String?
    let isSecret: Bool
    let rule: SettingRule<Value>
    private let defaultValue: Value?
    private var storage: SettingStorage<Value>

    public var wrappedValue: Value {
        get {
            guard let value = storage.value else {
                fatalError("the setting \"\(key)\" is required and has not been set")
            }
            return value
        }
        set { storage = SettingStorage(newValue) }
    }

    /// Where the value stands in the file; nil when the file leaves it at its default.
    public var projectedValue: ConfigurationValue? { storage.source }

    private init(
        _ value: Value?, _ key: String, _ meaning: String, _ rule: SettingRule<Value>,
        _ unit: String?, _ isSecret: Bool
    ) {
        self.key = key
        self.meaning = meaning
        self.rule = rule
        self.unit = unit
        self.isSecret = isSecret
        defaultValue = value ?? Value.valueWhenAbsent
        storage = SettingStorage(defaultValue)
    }
}

extension Setting {
    /// - Parameters:
    ///   - wrappedValue: what holds when the key is absent.
    ///   - key: the key in the file, `camelCase`.
    ///   - meaning: what it does, in a sentence, for the operator.
    ///   - unit: what the number counts, where the type does not say: `requests`.
    ///   - secret: whether the value must never be shown.
    public init(
        wrappedValue: Value, _ key: String, _ meaning: String, unit: String? = nil,
        secret: Bool = false
    ) {
        self.init(wrappedValue, key, meaning, SettingRule(), unit, secret)
    }

    /// A setting without default: required, unless its type is optional.
    public init(_ key: String, _ meaning: String, unit: String? = nil, secret: Bool = false) {
        self.init(nil, key, meaning, SettingRule(), unit, secret)
    }

    /// - Parameter range: the lowest and the highest value, both included.
    public init(
        wrappedValue: Value, _ key: String, _ meaning: String, in range: some SettingRange<Value>,
        unit: String? = nil
    ) where Value: BoundedSettingValue {
        self.init(wrappedValue, key, meaning, .bounds(SettingBounds(range)), unit, false)
    }

    /// - Parameter range: the lowest and the highest value, both included.
    public init(
        _ key: String, _ meaning: String, in range: some SettingRange<Value>, unit: String? = nil
    ) where Value: BoundedSettingValue {
        self.init(nil, key, meaning, .bounds(SettingBounds(range)), unit, false)
    }

    /// - Parameter range: the lowest and the highest value, both included.
    public init<Wrapped: BoundedSettingValue>(
        wrappedValue: Value, _ key: String, _ meaning: String, in range: some SettingRange<Wrapped>,
        unit: String? = nil
    ) where Value == Wrapped? {
        self.init(wrappedValue, key, meaning, .bounds(SettingBounds(range)), unit, false)
    }

    /// - Parameter range: the lowest and the highest value, both included.
    public init<Wrapped: BoundedSettingValue>(
        _ key: String, _ meaning: String, in range: some SettingRange<Wrapped>, unit: String? = nil
    ) where Value == Wrapped? {
        self.init(nil, key, meaning, .bounds(SettingBounds(range)), unit, false)
    }

    /// - Parameter range: how many characters, elements or keys there may be.
    public init(
        wrappedValue: Value, _ key: String, _ meaning: String, count range: some SettingRange<Int>,
        unit: String? = nil, secret: Bool = false
    ) where Value: CountedSettingValue {
        self.init(wrappedValue, key, meaning, .count(range), unit, secret)
    }

    /// - Parameter range: how many characters, elements or keys there may be.
    public init(
        _ key: String, _ meaning: String, count range: some SettingRange<Int>, unit: String? = nil,
        secret: Bool = false
    ) where Value: CountedSettingValue {
        self.init(nil, key, meaning, .count(range), unit, secret)
    }

    /// - Parameter range: how many characters, elements or keys there may be, if it is not null.
    public init<Wrapped: CountedSettingValue>(
        _ key: String, _ meaning: String, count range: some SettingRange<Int>, unit: String? = nil,
        secret: Bool = false
    ) where Value == Wrapped? {
        self.init(nil, key, meaning, .count(range), unit, secret)
    }
}

/// A `Setting` without its type, as an object finds it among its properties.
protocol AnySetting {
    var key: String { get }
    var description: SettingDescription { get }
    /// The value in force, without what must not be shown.
    var effectiveJSON: JSONValue { get }
    /// - Parameter object: the object in which the value stands, or would stand.
    func fill(from value: ConfigurationValue?, in object: ConfigurationValue)
        throws(ConfigurationError)
}

extension Setting: AnySetting {
    var description: SettingDescription {
        SettingDescription(
            key: key, meaning: meaning, type: Value.settingType,
            unit: unit ?? Value.settingType.unit, bounds: rule.words, expected: rule.expected,
            defaultValue: defaultValue?.settingJSON, isSecret: isSecret, boundsSchema: rule.schema)
    }

    var effectiveJSON: JSONValue {
        guard let value = storage.value else { return .null }
        if isSecret { return value.settingJSON.redacted }
        // Objects look after their own settings, one by one.
        if let source = storage.source, source.isSubstitutedAnywhere,
            !Value.settingType.holdsObjects
        {
            return source.writtenJSON
        }
        return value.settingJSON
    }

    func fill(from value: ConfigurationValue?, in object: ConfigurationValue)
        throws(ConfigurationError)
    {
        guard let value else {
            guard storage.value != nil else {
                throw .missingKey(key, in: object, expected: rule.expected)
            }
            return
        }
        let source = isSecret ? value.hidden : value
        storage.source = source
        storage.value = try rule.read(source)
    }
}

/// The value of a setting, behind a reference so that decoding can fill what reflection hands out.
///
/// Unchecked: it is changed only while the object that holds it is being decoded, by the thread that
/// decodes it and before anyone else has it. Later changes make a new one.
private final class SettingStorage<Value: SettingValue>: @unchecked Sendable {
    var value: Value?
    var source: ConfigurationValue?

    init(_ value: Value?) { self.value = value }
}
