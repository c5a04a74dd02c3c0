import PluginAPI

/// How much is admitted: at most one limit for each period, all of them at once.
package struct Limits: Sendable {
    /// By period, shortest first; 0 where there is no limit.
    private var limits = InlineArray<4, Double>(repeating: 0)
    private var bursts = InlineArray<4, Double>(repeating: 0)

    /// Of several limits for one period the lowest holds.
    ///
    /// - Parameter burst: how much may come at once by the limit of the shortest period; as much as that
    ///   limit when nil, and so by the others.
    /// - Precondition: there is at least one.
    package init(_ rates: [Rate], burst: Int? = nil) {
        precondition(!rates.isEmpty, "a limiter without a limit")
        for rate in rates {
            let (place, limit) = (rate.per.place, Double(rate.count))
            if limits[place] == 0 || limit < limits[place] { limits[place] = limit }
        }
        bursts = limits
        if let burst, let shortest = limits.indices.first(where: { limits[$0] > 0 }) {
            bursts[shortest] = Double(burst)
        }
    }

    /// The same, each limit and burst multiplied: whole numbers, and at least 1.
    package func multiplied(by factor: Double) -> Limits {
        guard factor != 1 else { return self }
        var result = self
        for index in limits.indices where limits[index] > 0 {
            result.limits[index] = max(1, (limits[index] * factor).rounded(.down))
            result.bursts[index] = max(1, (bursts[index] * factor).rounded(.down))
        }
        return result
    }

    /// Each limit and its burst, the shortest period first.
    package func forEach(
        _ body: (_ period: Rate.Period, _ limit: Double, _ burst: Double) -> Void
    ) {
        for index in limits.indices where limits[index] > 0 {
            body(Self.periods[index], limits[index], bursts[index])
        }
    }

    /// Which periods there are, a bit for each: limits of the same periods can share records.
    var shape: Int {
        var shape = 0
        for index in limits.indices where limits[index] > 0 { shape |= 1 << index }
        return shape
    }

    /// Shortest first.
    static let periods: [Rate.Period] = [.second, .minute, .hour, .day]

    static func periods(of shape: Int) -> [Rate.Period] {
        periods.enumerated().filter { shape & 1 << $0.offset != 0 }.map(\.element)
    }
}
