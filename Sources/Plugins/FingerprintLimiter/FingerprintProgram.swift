import PluginAPI

/// Notes a client's address with its fingerprint, and counts the request against the fingerprint's limits
/// once enough addresses are noted.
///
/// Until then nothing is counted: the limits begin in full when they come into force, so that reaching
/// the number of addresses cuts off nobody at once.
///
/// The words of a record: the limiter's, until when they have to be kept, then the sketch's. The
/// arguments: the limiter's, then the place of the client's bit. The results: the limiter's if the limits
/// are in force, then how many bits are set, and whether this step has set the one that was missing.
package struct FingerprintProgram: StateProgram {
    private let limiter: LimiterProgram
    let sketch: AddressSketch

    /// - Parameters:
    ///   - limiter: with which this one begins.
    ///   - distinctAddresses: 1 to 1000.
    ///   - window: how long an address counts; in whole µs.
    package init(_ limiter: LimiterProgram, distinctAddresses: Int, window: Duration) {
        self.limiter = limiter
        sketch = AddressSketch(threshold: distinctAddresses, window: window)
    }

    static let argumentsBehindLimiter = 1
    private static let resultsBehindLimiter = 2

    /// Whether so many addresses are noted that the limits hold.
    static func isInForce(_ result: borrowing StateResult) -> Bool {
        result.words.count > resultsBehindLimiter
    }

    /// Whether they hold from this step on.
    static func hasReachedThreshold(_ result: borrowing StateResult) -> Bool {
        result.words[result.words.count - 1] == 1
    }

    package var recordSize: Int { limiter.recordSize + 1 + sketch.size }

    /// Where it stands until when the limiter's words have to be kept: they count while the limits are
    /// not in force too, and longer than the addresses where a period is longer than their window.
    private var keptUntil: Int { limiter.recordSize }
    private var sketchStart: Int { limiter.recordSize + 1 }

    package func run(
        _ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double
    ) -> StateResult {
        let place = Int(arguments[arguments.count - 1])
        let (bits, isNew) = sketch.note(place, in: &record, at: sketchStart, now: now)
        var result = StateResult(isApplied: true, lifetime: 0, words: StateWords())
        if bits >= sketch.threshold {
            result = limiter.run(&record, arguments, now: now)
            record[keptUntil] = now + result.lifetime
        }
        result.lifetime = max(sketch.lifetime(now: now), record[keptUntil] - now)
        result.words.append(Double(bits))
        result.words.append(isNew && bits == sketch.threshold ? 1 : 0)
        return result
    }

    package func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        limiter.merge(&record, other)
        record[keptUntil] = max(record[keptUntil], other[keptUntil])
        sketch.merge(&record, other, at: sketchStart)
    }

    package var script: String {
        let (kept, start) = (keptUntil + 1, sketchStart + 1)
        let (words, threshold, window) = (sketch.words, sketch.threshold, Int(sketch.window))
        return """
            local limiter_run, limiter_merge
            do
                \(limiter.script)
                limiter_run, limiter_merge = run, merge
            end
            \(AddressSketch.script)
            local function run(record, arguments, now)
                local bits, new = sketch_note(record, \(start), \(words), \(window),
                    arguments[#arguments], now)
                local applied, lifetime, results = 1, 0, {}
                if bits >= \(threshold) then
                    applied, lifetime, results = limiter_run(record, arguments, now)
                    record[\(kept)] = now + lifetime
                end
                results[#results + 1] = bits
                results[#results + 1] = new and bits == \(threshold) and 1 or 0
                lifetime = math.max(sketch_lifetime(\(window), now), record[\(kept)] - now)
                return applied, lifetime, results
            end
            local function merge(record, other)
                limiter_merge(record, other)
                record[\(kept)] = math.max(record[\(kept)], other[\(kept)])
                sketch_merge(record, other, \(start), \(words))
            end
            """
    }
}
