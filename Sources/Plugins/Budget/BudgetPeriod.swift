import PluginAPI

/// One day, or one month.
struct BudgetPeriod: Sendable, Hashable {
    /// `2026-11-24`, or `2026-11`.
    let name: String
    let start: WallTime
    /// The first moment after it.
    let end: WallTime

    /// The one in which a moment is.
    init(_ interval: BudgetInterval, around moment: WallTime) {
        let calendar = moment.calendar
        let (year, month) = (Int(calendar.tm_year) + 1900, Int(calendar.tm_mon) + 1)
        let monthName = "\(Self.digits(year, 4))-\(Self.digits(month, 2))"
        switch interval {
        case .day:
            name = "\(monthName)-\(Self.digits(Int(calendar.tm_mday), 2))"
            start = Self.beginning(name)
            // UTC has no day of another length.
            end = WallTime(microseconds: start.microseconds + 86_400_000_000)
        case .month:
            name = monthName
            start = Self.beginning("\(monthName)-01")
            let next = month == 12 ? (year + 1, 1) : (year, month + 1)
            end = Self.beginning("\(Self.digits(next.0, 4))-\(Self.digits(next.1, 2))-01")
        }
    }

    func contains(_ moment: WallTime) -> Bool { start <= moment && moment < end }

    private static func beginning(_ day: String) -> WallTime {
        guard let time = WallTime(rfc3339: day + "T00:00:00Z") else {
            preconditionFailure("\(day) is no day")
        }
        return time
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
