import PluginAPI

/// Counts a cost against up to four windows at once: against all of them if all admit it, else against
/// none.
///
/// Another program can begin with it: it looks at the first words of a record and of the arguments only,
/// and its script, put into a `do … end`, defines `run` and `merge`.
package struct LimiterProgram: StateProgram {
    package let algorithm: LimitAlgorithm
    package let windows: Int

    /// - Precondition: `windows` is within 1...4.
    package init(_ algorithm: LimitAlgorithm, windows: Int) {
        precondition((1...4).contains(windows), "a limiter has one to four windows")
        self.algorithm = algorithm
        self.windows = windows
    }

    /// What a step is given.
    ///
    /// - Parameters:
    ///   - cost: a whole number. 0 counts nothing and tells whether 1 would be admitted; a negative one
    ///     gives back, and has to be forced.
    ///   - isForced: whether it is counted whatever the limits say.
    package static func arguments(cost: Double, isForced: Bool, _ limits: Limits) -> StateWords {
        var words = StateWords()
        words.append(cost)
        words.append(isForced ? 1 : 0)
        limits.forEach { period, limit, burst in
            words.append(limit)
            words.append(period.microseconds)
            words.append(burst)
        }
        return words
    }

    private static let argumentsBeforeWindows = 2
    private static let argumentsOfWindow = 3
    static let resultsOfWindow = 3

    /// How many windows a step names.
    static func windows(_ arguments: borrowing StateWords, added: Int) -> Int {
        (arguments.count - argumentsBeforeWindows - added) / argumentsOfWindow
    }

    package var recordSize: Int {
        switch algorithm {
        case .slidingWindow: windows * SlidingWindowCounter.recordSize
        case .gcra: windows * GCRA.recordSize
        }
    }

    package func run(
        _ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double
    ) -> StateResult {
        switch algorithm {
        case .slidingWindow: run(SlidingWindowCounter.self, &record, arguments, now)
        case .gcra: run(GCRA.self, &record, arguments, now)
        }
    }

    package func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        for window in 0..<windows {
            switch algorithm {
            case .slidingWindow:
                SlidingWindowCounter.join(&record, window * SlidingWindowCounter.recordSize, other)
            case .gcra:
                GCRA.join(&record, window * GCRA.recordSize, other)
            }
        }
    }

    /// The words of the result, for each window: what is left, a whole number; how long until all is, in
    /// µs; and where less is left than the cost, or than 1, how long until that is, else 0.
    private func run<Algorithm: WindowAlgorithm>(
        _: Algorithm.Type, _ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords,
        _ now: Double
    ) -> StateResult {
        let (cost, isForced) = (arguments[0], arguments[1] == 1)
        let need = max(1, cost)
        var isApplied = true
        var available = InlineArray<4, Double>(repeating: 0)
        for index in 0..<windows {
            let window = Self.window(index, arguments)
            let base = index * Algorithm.recordSize
            available[index] = Algorithm.available(&record, base, window, now: now)
            if available[index] < need { isApplied = isForced }
        }
        var result = StateResult(isApplied: isApplied, lifetime: 0, words: StateWords())
        for index in 0..<windows {
            let window = Self.window(index, arguments)
            let base = index * Algorithm.recordSize
            var left = available[index]
            if isApplied, cost != 0 {
                Algorithm.charge(&record, base, window, now: now, cost: cost)
                left =
                    isForced
                    ? Algorithm.available(&record, base, window, now: now) : left - cost
            }
            result.words.append(left)
            result.words.append(Algorithm.reset(&record, base, window, now: now))
            result.words.append(
                left < need ? Algorithm.wait(&record, base, window, now: now, need: need) : 0)
            result.lifetime = max(
                result.lifetime, Algorithm.lifetime(&record, base, window, now: now))
        }
        return result
    }

    // Always inlined, or the words would be copied for each call.
    @inline(__always)
    static func window(_ index: Int, _ arguments: borrowing StateWords) -> LimitWindow {
        let first = argumentsBeforeWindows + index * argumentsOfWindow
        return LimitWindow(
            limit: arguments[first], period: arguments[first + 1], burst: arguments[first + 2])
    }

    package var script: String {
        let (functions, size) =
            switch algorithm {
            case .slidingWindow: (SlidingWindowCounter.script, SlidingWindowCounter.recordSize)
            case .gcra: (GCRA.script, GCRA.recordSize)
            }
        return """
            \(functions)
            local function run(record, arguments, now)
                local cost, forced = arguments[1], arguments[2] == 1
                local need = math.max(1, cost)
                local applied = 1
                local free = {}
                for window = 0, \(windows - 1) do
                    local base, first = 1 + window * \(size), 3 + window * 3
                    local limit, period, burst =
                        arguments[first], arguments[first + 1], arguments[first + 2]
                    free[window] = available(record, base, limit, period, burst, now)
                    if free[window] < need and not forced then applied = 0 end
                end
                local longest, words = 0, {}
                for window = 0, \(windows - 1) do
                    local base, first = 1 + window * \(size), 3 + window * 3
                    local limit, period, burst =
                        arguments[first], arguments[first + 1], arguments[first + 2]
                    local left = free[window]
                    if applied == 1 and cost ~= 0 then
                        charge(record, base, limit, period, burst, now, cost)
                        if forced then
                            left = available(record, base, limit, period, burst, now)
                        else
                            left = left - cost
                        end
                    end
                    words[#words + 1] = left
                    words[#words + 1] = reset(record, base, limit, period, burst, now)
                    if left < need then
                        words[#words + 1] = wait(record, base, limit, period, burst, now, need)
                    else
                        words[#words + 1] = 0
                    end
                    longest = math.max(longest, lifetime(record, base, limit, period, burst, now))
                end
                return applied, longest, words
            end
            local function merge(record, other)
                for window = 0, \(windows - 1) do join(record, 1 + window * \(size), other) end
            end
            """
    }
}
