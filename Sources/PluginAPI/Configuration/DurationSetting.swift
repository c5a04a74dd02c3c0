/// `"250ms"`, `"5s"`, `"1m"`, `"24h"`, `"7d"`; longer than zero unless the setting's bounds say otherwise.
extension Duration: BoundedSettingValue {
    public static var settingType: SettingType {
        .notation(
            "duration", expected: #"a duration such as "30s""#, unit: "ms, s, m, h, d",
            pattern: "^[0-9]+(ms|s|m|h|d)$")
    }

    public static var naturalBounds: SettingBounds<Duration> {
        SettingBounds(lowest: .milliseconds(1))
    }

    public init(unbounded value: ConfigurationValue) throws(ConfigurationError) {
        guard let text = value.string, let read = Duration(written: text) else {
            throw ConfigurationError(
                at: value, expected: Self.settingType.expected,
                suggestion: value.string.flatMap(Self.suggestion))
        }
        self = read
    }

    /// In the largest unit that says it exactly.
    public var settingJSON: JSONValue {
        let milliseconds = Int(nanoseconds / 1_000_000)
        let unit = Self.units.last { milliseconds % $0.milliseconds == 0 } ?? Self.units[0]
        return milliseconds == 0
            ? .string("0s") : .string("\(milliseconds / unit.milliseconds)\(unit.name)")
    }

    private static let units: [(name: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    private init?(written text: String) {
        guard let (count, unitName) = text.splitAfterDigits,
            let unit = Self.units.first(where: { $0.name == unitName }),
            // A hundred years, so that no sum of two of them overflows anything.
            count <= 3_155_760_000_000 / unit.milliseconds
        else { return nil }
        self = .milliseconds(count * unit.milliseconds)
    }

    /// `5 s`, `5sec` or `5 Minutes` as they are to be written.
    private static func suggestion(_ text: String) -> String? {
        let compact = text.lowercased().filter { $0 != " " }
        guard let (count, word) = compact.splitAfterDigits else { return nil }
        let names = [
            ("ms", ["ms", "msec", "msecs", "millisecond", "milliseconds"]),
            ("s", ["s", "sec", "secs", "second", "seconds"]),
            ("m", ["m", "min", "mins", "minute", "minutes"]),
            ("h", ["h", "hr", "hrs", "hour", "hours"]),
            ("d", ["d", "day", "days"]),
        ]
        return names.first { $0.1.contains(word) }.map { "\(count)\($0.0)" }
    }
}

extension String {
    /// A whole number and what follows it; nil when there is no number, or one past `Int.max`.
    var splitAfterDigits: (count: Int, rest: String)? {
        let digits = prefix { $0.isASCII && $0.isNumber }
        return Int(digits).map { ($0, String(self[digits.endIndex...])) }
    }
}
