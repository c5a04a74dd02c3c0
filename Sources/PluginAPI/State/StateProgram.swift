/// One atomic step on one record of shared state, such as "count this request, if the limit allows".
///
/// A program is written twice, and both must compute the same: `run` for state in memory, `script`
/// for Redis. A record is a fixed number of words, all zero when it is new; to be new and to be
/// forgotten are the same.
public protocol StateProgram: Sendable {
    /// How many words a record has: at least 1, at most 256.
    var recordSize: Int { get }

    /// Lua 5.1 that defines two functions, which get records and arguments as tables that count from 1:
    ///
    ///     local function run(record, arguments, now)   -- changes the record
    ///         return applied, lifetime, { words… }     -- as StateResult; applied is 1 or 0
    ///     end
    ///     local function merge(record, other)          -- changes the record
    ///     end
    var script: String { get }

    /// Changes a record and tells what came of it. It may be tried on a copy.
    /// - Parameter now: in µs, on a clock that all who share the record share.
    func run(_ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double)
        -> StateResult

    /// Makes a record what it would be had it seen what another of the same key has seen as well, as
    /// far as that can be told: never less used up than either. For the time after an outage.
    func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>)
}

/// What came of a step.
public struct StateResult: Sendable {
    /// Whether the step took effect; false when it was declined, such as by a limit.
    public var isApplied: Bool
    /// How long the record has to be kept from now on, in µs.
    public var lifetime: Double
    /// What the program tells its plugin.
    public var words: StateWords

    public init(isApplied: Bool, lifetime: Double, words: StateWords) {
        self.isApplied = isApplied
        self.lifetime = lifetime
        self.words = words
    }
}
