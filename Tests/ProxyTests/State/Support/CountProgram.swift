import PluginAPI

@testable import Proxy

/// A program for tests: one word that counts, declined beyond a limit that the step names.
struct CountProgram: StateProgram {
    var recordSize = 1
    /// In µs.
    var lifetime = 1_000_000.0

    var script: String {
        """
        local function run(record, arguments, now)
            if record[1] + arguments[1] > arguments[2] then
                return 0, \(lifetime), { record[1] }
            end
            record[1] = record[1] + arguments[1]
            return 1, \(lifetime), { record[1] }
        end
        local function merge(record, other)
            record[1] = math.max(record[1], other[1])
        end
        """
    }

    func run(_ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double)
        -> StateResult
    {
        let applied = record[0] + arguments[0] <= arguments[1]
        if applied { record[0] += arguments[0] }
        var words = StateWords()
        words.append(record[0])
        return StateResult(isApplied: applied, lifetime: lifetime, words: words)
    }

    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        record[0] = max(record[0], other[0])
    }

    static func step(
        _ table: any StateTable, _ key: StateKey, _ amount: Double = 1, limit: Double = .infinity
    ) -> StateStep {
        var arguments = StateWords()
        arguments.append(amount)
        arguments.append(limit)
        return StateStep(table, key, arguments)
    }
}
