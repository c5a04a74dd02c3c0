import PluginAPI

/// The generic cell rate algorithm, in its form as a leaky bucket (ITU-T I.371 annex A, "continuous-state
/// leaky bucket").
///
/// A bucket of size `burst` fills by each cost and drains by `limit` a period; what does not fit in is
/// refused. The other form of the algorithm keeps the moment at which the bucket will be empty; they
/// decide alike, but a level in whole costs stays exact at every rate, and means the same when the limit
/// changes.
///
/// What holds if no cost is forced:
/// - any interval `t` admits at most `burst + limit × t / period`: what it admits has drained within it
///   or is still in the bucket;
/// - nothing is refused for which no interval that ends now would hold more than that, for it is what
///   the bucket's level is: the largest excess over all of these.
///
/// Both to a billionth of `burst`, by which sums of fractions are rounded in the client's favour.
enum GCRA: WindowAlgorithm {
    /// The level; when that was, in µs; and how much drains in a µs, for `join`.
    static let recordSize = 3

    private static let tolerance = 1 + 1e-9

    static func available(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        max(0, (window.burst * tolerance - level(record, base, window, now)).rounded(.down))
    }

    static func charge(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        cost: Double
    ) {
        let known = record[base + 1]
        record[base] = max(0, level(record, base, window, now) + cost)
        record[base + 1] = known - now > window.period ? now : max(now, known)
        record[base + 2] = window.limit / window.period
    }

    static func wait(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        need: Double
    ) -> Double {
        let excess = level(record, base, window, now) + need - window.burst
        // A µs to spare for rounding.
        return max(0, (excess * window.period / window.limit).rounded(.up)) + 1
    }

    static func reset(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        level(record, base, window, now) * window.period / window.limit
    }

    static func lifetime(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        reset(&record, base, window, now: now) + 1
    }

    static func join(_ record: inout MutableSpan<Double>, _ base: Int, _ other: Span<Double>) {
        let (ours, theirs) = (record[base + 1], other[base + 1])
        let time = max(ours, theirs)
        let our = record[base] - (time - ours) * record[base + 2]
        let their = other[base] - (time - theirs) * other[base + 2]
        record[base] = max(0, max(our, their))
        record[base + 1] = time
        if theirs > ours { record[base + 2] = other[base + 2] }
    }

    /// A record from further ahead than a period is forgotten: the clock has gone back.
    private static func level(
        _ record: borrowing MutableSpan<Double>, _ base: Int, _ window: LimitWindow, _ now: Double
    ) -> Double {
        let passed = now - record[base + 1]
        if passed < -window.period { return 0 }
        return max(0, record[base] - max(0, passed) * window.limit / window.period)
    }

    static let script = """
        local function level(record, base, limit, period, now)
            local passed = now - record[base + 1]
            if passed < -period then return 0 end
            return math.max(0, record[base] - math.max(0, passed) * limit / period)
        end
        local function available(record, base, limit, period, burst, now)
            return math.max(0, math.floor(burst * (1 + 1e-9) - level(record, base, limit, period, now)))
        end
        local function charge(record, base, limit, period, burst, now, cost)
            local known = record[base + 1]
            record[base] = math.max(0, level(record, base, limit, period, now) + cost)
            if known - now > period then record[base + 1] = now
            else record[base + 1] = math.max(now, known) end
            record[base + 2] = limit / period
        end
        local function wait(record, base, limit, period, burst, now, need)
            local excess = level(record, base, limit, period, now) + need - burst
            return math.max(0, math.ceil(excess * period / limit)) + 1
        end
        local function reset(record, base, limit, period, burst, now)
            return level(record, base, limit, period, now) * period / limit
        end
        local function lifetime(record, base, limit, period, burst, now)
            return reset(record, base, limit, period, burst, now) + 1
        end
        local function join(record, base, other)
            local ours, theirs = record[base + 1], other[base + 1]
            local time = math.max(ours, theirs)
            local our = record[base] - (time - ours) * record[base + 2]
            local their = other[base] - (time - theirs) * other[base + 2]
            record[base] = math.max(0, math.max(our, their))
            record[base + 1] = time
            if theirs > ours then record[base + 2] = other[base + 2] end
        end
        """
}
