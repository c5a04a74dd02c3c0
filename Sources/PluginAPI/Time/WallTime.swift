import Glibc

/// A moment of the calendar.
public struct WallTime: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    /// RFC 3339 in UTC with microseconds: `2026-01-31T12:00:00.000001Z`.
    public var description: String { withText { String(decoding: $0, as: UTF8.self) } }

    /// The calendar's parts in UTC.
    package var calendar: tm {
        var seconds = time_t((Double(microseconds) / 1_000_000).rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return parts
    }
}
