import PluginAPI

/// A sliding-window counter: what the last period saw, counted in tenths of a period.
///
/// The slices are aligned to multiples of their length. Those that lie wholly in the window count in
/// full, and the one that the window's beginning cuts counts in proportion, as if its arrivals had
/// been spread evenly, as in the two-counter form that Cloudflare described in 2017. That form alone
/// can be led to admit just under twice the limit in a period: everything at the end of one window,
/// then as it is let go. Therefore all that the slices hold, the cut one in full, is bounded too.
///
/// What holds, if `limit` is whole and no cost is forced:
/// - any interval of one period admits at most `limit + ⌈limit / 10⌉`: it touches at most the eleven
///   slices whose sum is bounded by that at every admission;
/// - nothing is refused for which the last 1.1 periods hold at most `limit`: neither sum is then
///   above what these hold;
/// - arrivals spaced by `period / limit` are never refused: so many slices hold at most as many of
///   them, and their share is at most the limit, less the one that rounding down takes.
enum SlidingWindowCounter: WindowAlgorithm {
    /// How many make a period.
    static let slices = 10
    /// How many are kept: those of a period and the one that it cuts.
    private static let kept = slices + 1
    /// The number of the newest slice, counted from the clock's beginning, and then the kept counts:
    /// slice `n` stands at `n` modulo their number.
    static let recordSize = kept + 1

    static func available(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        let length = window.period / Double(slices)
        let slice = roll(&record, base, Int(now / length))
        let left = min(length, Double(slice + 1) * length - now)
        let total = sum(record, base)
        let cut = record[place(base, slice - slices)]
        let used = total - cut + share(of: cut, left, length)
        return max(0, min(window.limit - used, bound(window.limit) - total))
    }

    static func charge(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        cost: Double
    ) {
        let newest = Int(record[base])
        guard cost < 0 else {
            record[place(base, newest)] += cost
            return
        }
        // A slice may have begun since it was counted.
        var rest = -cost
        for age in 0...slices where rest > 0 {
            let place = place(base, newest - age)
            let part = min(rest, record[place])
            record[place] -= part
            rest -= part
        }
    }

    static func wait(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double,
        need: Double
    ) -> Double {
        let length = window.period / Double(slices)
        let newest = Int(record[base])
        var total = sum(record, base)
        for slice in newest...(newest + slices) {
            let cut = record[place(base, slice - slices)]
            let free = window.limit - need - (total - cut)
            if free >= 0, total + need <= bound(window.limit) {
                let left =
                    cut > 0 ? min(length, ((free + 1) * length / cut).rounded(.down)) : length
                // A µs to spare for rounding.
                return max(0, Double(slice + 1) * length - left - now) + 1
            }
            total -= cut
        }
        return Double(newest + kept) * length - now + 1
    }

    static func reset(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        let length = window.period / Double(slices)
        let newest = Int(record[base])
        for age in 0...slices {
            let count = record[place(base, newest - age)]
            guard count > 0 else { continue }
            let end = Double(newest - age + kept) * length
            let isWithinBound = count <= bound(window.limit) - window.limit
            let left = isWithinBound ? (length / count).rounded(.down) : 0
            return max(0, end - left - now)
        }
        return 0
    }

    static func lifetime(
        _ record: inout MutableSpan<Double>, _ base: Int, _ window: LimitWindow, now: Double
    ) -> Double {
        (record[base] + Double(kept)) * (window.period / Double(slices)) - now
    }

    static func join(_ record: inout MutableSpan<Double>, _ base: Int, _ other: Span<Double>) {
        let (ours, theirs) = (Int(record[base]), Int(other[base]))
        let newest = max(ours, theirs)
        for slice in max(0, newest - slices)...newest {
            let place = place(base, slice)
            let our = slice <= ours && slice >= ours - slices ? record[place] : 0
            let their = slice <= theirs && slice >= theirs - slices ? other[place] : 0
            record[place] = max(our, their)
        }
        record[base] = Double(newest)
    }

    // MARK: - Slices

    /// Forgets the slices that have left the window.
    /// - Parameter slice: the number of the present one, by the clock.
    /// - Returns: the same, or the newest slice's where the clock has gone back a little.
    private static func roll(_ record: inout MutableSpan<Double>, _ base: Int, _ slice: Int) -> Int
    {
        let newest = Int(record[base])
        if slice == newest { return slice }
        // Gone back further than a period, the record would stand still for as long: it is forgotten.
        if slice < newest, newest - slice <= slices { return newest }
        if slice > newest, slice - newest <= slices {
            for passed in (newest + 1)...slice { record[place(base, passed)] = 0 }
        } else {
            for index in 1...kept { record[base + index] = 0 }
        }
        record[base] = Double(slice)
        return slice
    }

    private static func place(_ base: Int, _ slice: Int) -> Int { base + 1 + (slice + kept) % kept }

    private static func sum(_ record: borrowing MutableSpan<Double>, _ base: Int) -> Double {
        var total = 0.0
        for index in 1...kept { total += record[base + index] }
        return total
    }

    /// What still counts of the cut slice, rounded down, and without its first arrival: at the moment
    /// at which that one is a period old, the next is due.
    private static func share(of count: Double, _ left: Double, _ length: Double) -> Double {
        count > 0 ? max(0, (count * left / length).rounded(.up) - 1) : 0
    }

    private static func bound(_ limit: Double) -> Double {
        limit + (limit / Double(slices)).rounded(.up)
    }

    static let script = """
        local function place(base, slice) return base + 1 + slice % \(kept) end
        local function sum(record, base)
            local total = 0
            for index = 1, \(kept) do total = total + record[base + index] end
            return total
        end
        local function bound(limit) return limit + math.ceil(limit / \(slices)) end
        local function roll(record, base, slice)
            local newest = record[base]
            if slice == newest then return slice end
            if slice < newest and newest - slice <= \(slices) then return newest end
            if slice > newest and slice - newest <= \(slices) then
                for passed = newest + 1, slice do record[place(base, passed)] = 0 end
            else
                for index = 1, \(kept) do record[base + index] = 0 end
            end
            record[base] = slice
            return slice
        end
        local function available(record, base, limit, period, burst, now)
            local length = period / \(slices)
            local slice = roll(record, base, math.floor(now / length))
            local left = math.min(length, (slice + 1) * length - now)
            local total = sum(record, base)
            local cut = record[place(base, slice - \(slices))]
            local used = total - cut
            if cut > 0 then used = used + math.max(0, math.ceil(cut * left / length) - 1) end
            return math.max(0, math.min(limit - used, bound(limit) - total))
        end
        local function charge(record, base, limit, period, burst, now, cost)
            local newest = record[base]
            if cost >= 0 then
                local at = place(base, newest)
                record[at] = record[at] + cost
                return
            end
            local rest = -cost
            for age = 0, \(slices) do
                local at = place(base, newest - age)
                local part = math.min(rest, record[at])
                record[at] = record[at] - part
                rest = rest - part
            end
        end
        local function wait(record, base, limit, period, burst, now, need)
            local length = period / \(slices)
            local newest = record[base]
            local total = sum(record, base)
            for slice = newest, newest + \(slices) do
                local cut = record[place(base, slice - \(slices))]
                local free = limit - need - (total - cut)
                if free >= 0 and total + need <= bound(limit) then
                    local left = length
                    if cut > 0 then left = math.min(length, math.floor((free + 1) * length / cut)) end
                    return math.max(0, (slice + 1) * length - left - now) + 1
                end
                total = total - cut
            end
            return (newest + \(kept)) * length - now + 1
        end
        local function reset(record, base, limit, period, burst, now)
            local length = period / \(slices)
            local newest = record[base]
            for age = 0, \(slices) do
                local count = record[place(base, newest - age)]
                if count > 0 then
                    local finish = (newest - age + \(kept)) * length
                    local left = 0
                    if count <= bound(limit) - limit then left = math.floor(length / count) end
                    return math.max(0, finish - left - now)
                end
            end
            return 0
        end
        local function lifetime(record, base, limit, period, burst, now)
            return (record[base] + \(kept)) * (period / \(slices)) - now
        end
        local function join(record, base, other)
            local ours, theirs = record[base], other[base]
            local newest = math.max(ours, theirs)
            for slice = math.max(0, newest - \(slices)), newest do
                local at = place(base, slice)
                local our, their = 0, 0
                if slice <= ours and slice >= ours - \(slices) then our = record[at] end
                if slice <= theirs and slice >= theirs - \(slices) then their = other[at] end
                record[at] = math.max(our, their)
            end
            record[base] = newest
        end
        """
}
