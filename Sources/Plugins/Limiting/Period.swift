import PluginAPI

extension Rate.Period {
    /// Among `Limits.periods`.
    var place: Int {
        switch self {
        case .second: 0
        case .minute: 1
        case .hour: 2
        case .day: 3
        }
    }

    var word: StaticString {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        }
    }

    var seconds: Int {
        switch self {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        case .day: 86400
        }
    }

    var microseconds: Double { Double(seconds) * 1_000_000 }

    /// - Precondition: it is the length of a period.
    init(microseconds: Double) {
        self =
            microseconds == Self.minute.microseconds
            ? .minute
            : microseconds == Self.second.microseconds
                ? .second : microseconds == Self.hour.microseconds ? .hour : .day
    }
}
