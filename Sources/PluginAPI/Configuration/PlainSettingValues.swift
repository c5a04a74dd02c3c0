extension Bool: SettingValue {
    public static var settingType: SettingType { .boolean }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        switch value.content {
        case .bool(let read): self = read
        case .string("true") where value.isSubstituted: self = true
        case .string("false") where value.isSubstituted: self = false
        default: throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
    }

    public var settingJSON: JSONValue { .bool(self) }
}

extension Int: BoundedSettingValue {
    public static var settingType: SettingType { .integer }

    /// A number without fraction and exponent. What came out of a `${…}` may be a string of one.
    public init(unbounded value: ConfigurationValue) throws(ConfigurationError) {
        guard let digits = value.digits, let read = Int(digits), !digits.hasPrefix("+") else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = read
    }

    public var settingJSON: JSONValue { .number(self) }
}

extension Double: BoundedSettingValue {
    public static var settingType: SettingType { .number }

    /// A finite number. What came out of a `${…}` may be a string of one.
    public init(unbounded value: ConfigurationValue) throws(ConfigurationError) {
        guard let digits = value.digits, let read = Double(digits), read.isFinite,
            digits.utf8.allSatisfy(Self.mayStandInNumber)
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        self = read
    }

    /// Keeps out what `Double` reads and JSON does not: `0x1p4`, `infinity`.
    private static func mayStandInNumber(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
    }

    public var settingJSON: JSONValue {
        self == rounded() && magnitude < 1e15 ? .number(Int(self)) : .number("\(self)")
    }
}

extension String: SettingValue, CountedSettingValue {
    public static var settingType: SettingType { .string }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected)
        }
        self = text
    }

    public var settingJSON: JSONValue { .string(self) }

    public static func countSchema(lowest: Int?, highest: Int?) -> [JSONValue.Member] {
        .counts(("minLength", lowest), ("maxLength", highest))
    }
}

/// Anything at all: for a setting that is read later, or in several ways.
extension ConfigurationValue: SettingValue {
    public static var settingType: SettingType { .any }
    public init(setting value: ConfigurationValue) throws(ConfigurationError) { self = value }
    public var settingJSON: JSONValue { writtenJSON }
}

extension ConfigurationValue {
    /// A number, or the string that a `${…}` became.
    fileprivate var digits: String? {
        switch content {
        case .number(let digits): digits
        case .string(let text) where isSubstituted: text
        default: nil
        }
    }
}

extension [JSONValue.Member] {
    static func counts(_ limits: (name: String, count: Int?)...) -> Self {
        limits.compactMap { name, count in count.map { JSONValue.Member(name, .number($0)) } }
    }
}
