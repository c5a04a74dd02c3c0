/// A setting's type that has an order, so that `@Setting(…, in: 1...10)` can bound it.
public protocol BoundedSettingValue: SettingValue, Comparable {
    /// What holds where the setting names no bounds of its own: a `Duration` is longer than zero.
    static var naturalBounds: SettingBounds<Self> { get }

    /// Reads the value that stands in the file, whatever its size.
    init(unbounded value: ConfigurationValue) throws(ConfigurationError)
}

extension BoundedSettingValue {
    public static var naturalBounds: SettingBounds<Self> { SettingBounds() }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        try self.init(setting: value, in: Self.naturalBounds)
    }

    package init(setting value: ConfigurationValue, in bounds: SettingBounds<Self>)
        throws(ConfigurationError)
    {
        self = try Self(unbounded: value)
        guard bounds.contains(self) else {
            throw ConfigurationError(at: value, expected: Self.settingType.expected(in: bounds))
        }
    }
}

/// The lowest and the highest value that a setting may have, both included.
public struct SettingBounds<Bound: BoundedSettingValue>: Sendable {
    public let lowest: Bound?
    public let highest: Bound?

    public init(lowest: Bound? = nil, highest: Bound? = nil) {
        self.lowest = lowest
        self.highest = highest
    }

    init(_ range: some SettingRange<Bound>) {
        lowest = range.lowest
        highest = range.highest
    }

    func contains(_ value: Bound) -> Bool {
        if let lowest, value < lowest { return false }
        if let highest, value > highest { return false }
        return true
    }

    /// `from 1s to 24h`; nil without bounds.
    var words: String? {
        switch (lowest.map(Self.plain), highest.map(Self.plain)) {
        case (let lowest?, let highest?): "from \(lowest) to \(highest)"
        case (let lowest?, nil): "of at least \(lowest)"
        case (nil, let highest?): "of at most \(highest)"
        case (nil, nil): nil
        }
    }

    /// The value without quotes.
    private static func plain(_ value: Bound) -> String {
        if case .string(let text) = value.settingJSON { text } else { "\(value.settingJSON)" }
    }
}

/// `1...10`, `1...` or `...10`.
public protocol SettingRange<Bound> {
    associatedtype Bound
    var lowest: Bound? { get }
    var highest: Bound? { get }
}

extension ClosedRange: SettingRange {
    public var lowest: Bound? { lowerBound }
    public var highest: Bound? { upperBound }
}

extension PartialRangeFrom: SettingRange {
    public var lowest: Bound? { lowerBound }
    public var highest: Bound? { nil }
}

extension PartialRangeThrough: SettingRange {
    public var lowest: Bound? { nil }
    public var highest: Bound? { upperBound }
}
