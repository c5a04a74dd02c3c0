/// So many in so long: `"60/m"`, `"10/s"`, `"1000/h"`, `"3/d"`.
public struct Rate: Hashable, Sendable, CustomStringConvertible {
    public enum Period: String, Hashable, Sendable, CaseIterable {
        case second = "s"
        case minute = "m"
        case hour = "h"
        case day = "d"

        public var duration: Duration {
            switch self {
            case .second: .seconds(1)
            case .minute: .seconds(60)
            case .hour: .seconds(3600)
            case .day: .seconds(86400)
            }
        }
    }

    /// 1 to 1,000,000,000,000.
    public let count: Int
    public let per: Period

    static let highestCount = 1_000_000_000_000

    /// - Precondition: `count` is within 1...1,000,000,000,000.
    public init(_ count: Int, per: Period) {
        precondition((1...Self.highestCount).contains(count), "a rate out of bounds")
        self.count = count
        self.per = per
    }

    /// The length of the period.
    public var period: Duration { per.duration }

    public var description: String { "\(count)/\(per.rawValue)" }
}

extension Rate: SettingValue {
    public static var settingType: SettingType {
        .notation(
            "rate", expected: #"a rate such as "60/m""#, unit: "per s, m, h, d",
            pattern: "^[1-9][0-9]*/[smhd]$")
    }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let (count, rest) = text.splitAfterDigits,
            (1...Self.highestCount).contains(count), rest.hasPrefix("/"),
            let per = Period(rawValue: String(rest.dropFirst()))
        else { throw ConfigurationError(at: value, expected: Self.settingType.expected) }
        self.init(count, per: per)
    }

    public var settingJSON: JSONValue { .string(description) }
}
