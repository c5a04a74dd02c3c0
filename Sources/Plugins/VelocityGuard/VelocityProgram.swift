import PluginAPI

/// The velocity record: what the window holds, and since and until when the mode is on.
///
/// The window is held in twelve parts, of which the newest is still being filled, so it reaches back
/// between eleven twelfths and the whole of its length. A record is
///
///     until, started, is on, has recovered, the nine counts that started it,
///     and twelve times: the part's number (time divided by its length), its nine counts
///
/// Invariant: no part holds what was counted before the mode last started or ended. So what has
/// started it neither hinders the recovery nor starts it again. What is handed over right after such a
/// change was counted before it, at least in part, and is dropped.
struct VelocityProgram: StateProgram {
    static let parts = 12
    /// How many parts' time must have been healthy before the mode ends early.
    static let healthyParts = 6.0
    /// A healthy time is long enough for a judgement with this part of the requests that a start
    /// needs: half the window, at about half the limits.
    static let healthyRequests = 0.25

    private enum Place {
        static let until = 0
        static let started = 1
        static let isOn = 2
        static let hasRecovered = 3
        static let cause = 4
        static let parts = cause + UpstreamVerdict.count
        static let partSize = 1 + UpstreamVerdict.count
        static let count = parts + VelocityProgram.parts * partSize

        static func part(_ number: Double) -> Int {
            let parts = Double(VelocityProgram.parts)
            return Self.parts + Int(number - (number / parts).rounded(.down) * parts) * partSize
        }
    }

    private struct Rules {
        let threshold, recoverBelow, minimumRequests, partLength, cooldown, handOver: Double

        init(_ arguments: borrowing StateWords) {
            let first = UpstreamVerdict.count
            threshold = arguments[first]
            recoverBelow = arguments[first + 1]
            minimumRequests = arguments[first + 2]
            partLength = arguments[first + 3]
            cooldown = arguments[first + 4]
            handOver = arguments[first + 5]
        }
    }

    var recordSize: Int { Place.count }

    func run(_ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double)
        -> StateResult
    {
        let rules = Rules(arguments)
        let newest = (now / rules.partLength).rounded(.down)
        var isNews = false
        if record[Place.isOn] == 1 {
            // The cooldown may have been made shorter, or the clock put back.
            record[Place.until] = min(record[Place.until], now + rules.cooldown)
            if now >= record[Place.until] {
                Self.end(&record)
                isNews = true
            }
        }
        let changed = record[record[Place.isOn] == 1 ? Place.started : Place.until]
        // A change that is still to come is one before the clock was put back.
        if now < changed || now >= changed + rules.handOver {
            Self.count(arguments, in: newest, &record)
        }
        let window = Self.window(newest, record.span)
        if record[Place.isOn] == 1 {
            if Self.isHealthy(newest, rules, record.span, now: now) {
                record[Place.until] = now
                record[Place.hasRecovered] = 1
                Self.end(&record)
                isNews = true
            }
        } else if !isNews, window.total >= rules.minimumRequests,
            // Divided, not multiplied: 7 of 100 are 0.07, and 0.07 times 100 is more than 7.
            window.failures / window.total >= rules.threshold
        {
            Self.start(&record, window, until: now + rules.cooldown, now: now)
            isNews = true
        }
        return Self.result(record.span, isNews: isNews, window, rules, now: now)
    }

    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        // The mode that lasts longer, whole. The order is total, so that it does not matter who is
        // merged with whom.
        for place in 0..<Place.parts where record[place] != other[place] {
            if record[place] < other[place] {
                for place in 0..<Place.parts { record[place] = other[place] }
            }
            break
        }
        for part in stride(from: Place.parts, to: Place.count, by: Place.partSize) {
            let isNewer = other[part] > record[part]
            let isSame = other[part] == record[part]
            for place in part..<part + Place.partSize where isNewer || isSame {
                record[place] = isNewer ? other[place] : max(record[place], other[place])
            }
        }
    }

    // MARK: - The window

    private static func count(
        _ arguments: borrowing StateWords, in newest: Double, _ record: inout MutableSpan<Double>
    ) {
        let place = Place.part(newest)
        if record[place] != newest {
            record[place] = newest
            for verdict in 1...UpstreamVerdict.count { record[place + verdict] = 0 }
        }
        for verdict in 0..<UpstreamVerdict.count {
            record[place + 1 + verdict] += arguments[verdict]
        }
    }

    private static func window(_ newest: Double, _ record: Span<Double>) -> VelocityCounts {
        var counts = VelocityCounts()
        for part in 0..<parts { add(newest - Double(part), of: record, to: &counts) }
        return counts
    }

    /// Adds what a part holds, if it is still there.
    private static func add(
        _ number: Double, of record: Span<Double>, to counts: inout VelocityCounts
    ) {
        let place = Place.part(number)
        guard record[place] == number else { return }
        for verdict in UpstreamVerdict.allCases {
            counts[verdict] += record[place + 1 + verdict.rawValue]
        }
    }

    // MARK: - The mode

    /// Whether failures have been few for the shortest time up to now that is long enough and has
    /// requests enough to tell.
    private static func isHealthy(
        _ newest: Double, _ rules: Rules, _ record: Span<Double>, now: Double
    ) -> Bool {
        let started = record[Place.started]
        var counts = VelocityCounts()
        for part in 0..<parts {
            let number = newest - Double(part)
            add(number, of: record, to: &counts)
            let beginning = max(number * rules.partLength, started)
            if now - beginning >= healthyParts * rules.partLength,
                counts.total >= healthyRequests * rules.minimumRequests
            {
                return counts.failures / counts.total < rules.recoverBelow
            }
            if beginning == started { return false }
        }
        return false
    }

    private static func start(
        _ record: inout MutableSpan<Double>, _ cause: VelocityCounts, until: Double, now: Double
    ) {
        record[Place.until] = until
        record[Place.started] = now
        record[Place.isOn] = 1
        record[Place.hasRecovered] = 0
        for verdict in UpstreamVerdict.allCases {
            record[Place.cause + verdict.rawValue] = cause[verdict]
        }
        forgetWindow(&record)
    }

    private static func end(_ record: inout MutableSpan<Double>) {
        record[Place.isOn] = 0
        forgetWindow(&record)
    }

    private static func forgetWindow(_ record: inout MutableSpan<Double>) {
        for place in Place.parts..<Place.count { record[place] = 0 }
    }

    private static func result(
        _ record: Span<Double>, isNews: Bool, _ window: VelocityCounts, _ rules: Rules, now: Double
    ) -> StateResult {
        let isOn = record[Place.isOn] == 1
        let started = record[Place.started]
        let until = record[Place.until]
        let mode: VelocityFinding.Mode =
            if isOn {
                .on
            } else if started == 0 {
                .off
            } else {
                record[Place.hasRecovered] == 1 ? .recovered : .cooledDown
            }
        var words = StateWords()
        words.append(Double(mode.rawValue))
        words.append(isNews ? 1 : 0)
        words.append(started)
        words.append(isOn ? until - now : 0)
        words.append((isOn ? now : until) - started)
        for verdict in UpstreamVerdict.allCases { words.append(window[verdict]) }
        for verdict in UpstreamVerdict.allCases {
            words.append(record[Place.cause + verdict.rawValue])
        }
        // As long as a part may be looked at, or the mode is on; then also for who has not yet heard
        // that it ended.
        let lifetime = Double(parts) * rules.partLength + max(0, until - now)
        return StateResult(isApplied: true, lifetime: lifetime, words: words)
    }
}
