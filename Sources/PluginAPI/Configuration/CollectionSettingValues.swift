extension Optional: SettingValue where Wrapped: SettingValue {
    public static var settingType: SettingType { .optional(Wrapped.settingType) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        self = value.isNull ? nil : try Wrapped(setting: value)
    }

    public var settingJSON: JSONValue { self?.settingJSON ?? .null }

    public static var valueWhenAbsent: Self? { .some(nil) }
}

extension Array: SettingValue, CountedSettingValue where Element: SettingValue {
    public static var settingType: SettingType { .list(of: Element.settingType) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let elements = value.array else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        var read: [Element] = []
        var errors = ConfigurationError.Collector()
        for element in elements {
            errors.collect { () throws(ConfigurationError) in
                read.append(try Element(setting: element))
            }
        }
        try errors.throwIfAny()
        self = read
    }

    public var settingJSON: JSONValue { .array(map(\.settingJSON)) }

    public static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member] {
        .counts(("minItems", lowest), ("maxItems", highest))
    }
}

extension Dictionary: SettingValue, CountedSettingValue where Key == String, Value: SettingValue {
    public static var settingType: SettingType { .map(of: Value.settingType) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        let read = try NamedValues<Value>(setting: value)
        self = Dictionary(uniqueKeysWithValues: read.map { ($0.name, $0.value) })
    }

    /// Sorted by key, so that the same settings are always shown alike.
    public var settingJSON: JSONValue {
        .object(
            sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value.settingJSON) })
    }

    public static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member] {
        .counts(("minProperties", lowest), ("maxProperties", highest))
    }
}

/// An object whose keys are chosen by the operator, in the order of the file.
public struct NamedValues<Value: SettingValue>: RandomAccessCollection, Sendable {
    public typealias Element = (name: String, value: Value)

    private let elements: [Element]

    /// - Precondition: no name stands twice.
    public init(_ elements: [(name: String, value: Value)] = []) {
        precondition(Set(elements.map(\.name)).count == elements.count, "a name that stands twice")
        self.elements = elements
    }

    public var startIndex: Int { elements.startIndex }
    public var endIndex: Int { elements.endIndex }
    public subscript(position: Int) -> Element { elements[position] }
    public subscript(name: String) -> Value? { elements.first { $0.name == name }?.value }
}

extension NamedValues: SettingValue, CountedSettingValue {
    public static var settingType: SettingType { .map(of: Value.settingType) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let members = value.object else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        var read: [Element] = []
        var errors = ConfigurationError.Collector()
        for member in members {
            errors.collect { () throws(ConfigurationError) in
                read.append((member.name, try Value(setting: member.value)))
            }
        }
        try errors.throwIfAny()
        elements = read
    }

    public var settingJSON: JSONValue {
        .object(map { JSONValue.Member($0.name, $0.value.settingJSON) })
    }

    public static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member] {
        .counts(("minProperties", lowest), ("maxProperties", highest))
    }
}
