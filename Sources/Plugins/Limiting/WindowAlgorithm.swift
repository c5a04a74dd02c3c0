import PluginAPI

/// One window of a limit, as a step names it. All are whole numbers.
struct LimitWindow {
    /// How much a period admits; at least 1.
    var limit: Double
    /// In µs.
    var period: Double
    /// How much may come at once; at least 1. Only GCRA looks at it.
    var burst: Double
}

/// How one window of a limit is kept in a record's words, and what it admits.
///
/// The words begin at `base`, and are zero when they are new. Each function has one of the same name
/// in `script`, which computes the same in the same order of operations; there the arguments are
/// `(record, base, limit, period, burst, now)`, and what a function has beside them comes last.
protocol WindowAlgorithm {
    /// How many words a window takes.
    static var recordSize: Int { get }

    static var script: String { get }

    /// How much is admitted now: a whole number.
    static func available(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double

    /// Counts a cost, or gives it back where it is negative. After `available`.
    static func charge(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        cost: Double)

    /// How long until so much is admitted, in µs, if nothing else comes. After `available`.
    static func wait(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        need: Double
    ) -> Double

    /// How long until everything is admitted again, in µs, if nothing else comes. After `available`.
    static func reset(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double

    /// How long until the words are as good as new, in µs. After `available`.
    static func lifetime(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double

    /// Takes over what others have counted: `join(record, base, other)`.
    static func join(_ record: inout MutableSpan<Double>, _ base: Int, _ other: Span<Double>)
}
