import ActivityReport

/// How long requests take at their upstream, by route: for those of which nobody knows.
///
/// It is the median of the requests read so far, among them those that are looked ahead at.
struct ExpectedDurations {
    private struct Known {
        var histogram = DurationHistogram()
        var median: Int64 = 0
        /// When the median has to be looked up again.
        var nextCount: UInt64 = 0

        mutating func expected() -> Int64? {
            guard histogram.count > 0 else { return nil }
            if histogram.count >= nextCount {
                median = histogram.quantile(0.5) ?? 0
                nextCount = histogram.count + histogram.count / 16 + 1
            }
            return median
        }
    }

    private var byRoute: [String: Known] = [:]
    private var all = Known()

    /// - Parameter microseconds: not negative.
    mutating func add(_ microseconds: Int64, route: String) {
        byRoute[route, default: Known()].histogram.add(microseconds)
        all.histogram.add(microseconds)
    }

    /// In µs; that of all routes where nothing is known of this one.
    mutating func expected(route: String) -> Int64 {
        byRoute[route]?.expected() ?? all.expected() ?? 0
    }
}
