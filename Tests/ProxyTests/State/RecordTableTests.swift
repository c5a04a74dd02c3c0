import PluginAPI
import Testing

@testable import Proxy

@Suite("State in memory")
struct RecordTableTests {
    private func table(_ maximumKeys: Int, lifetime: Double = 1_000_000) -> RecordTable {
        RecordTable("test", CountProgram(lifetime: lifetime), maximumKeys: maximumKeys)
    }

    private func count(_ table: RecordTable, _ key: UInt64, _ amount: Double = 1, at now: Double)
        -> Double
    {
        table.run(CountProgram.step(table, StateKey(key), amount), now: now).words[0]
    }

    @Test("a key counts by itself, and what is declined changes nothing")
    func counts() {
        let table = table(100)
        #expect(count(table, 1, at: 0) == 1)
        #expect(count(table, 1, at: 0) == 2)
        #expect(count(table, 2, at: 0) == 1)
        let declined = table.run(CountProgram.step(table, StateKey(1), 1, limit: 2), now: 0)
        #expect(!declined.isApplied)
        #expect(count(table, 1, at: 0) == 3)
        #expect(table.count == 2)
    }

    @Test("a record is as good as new when its lifetime is over, and not before")
    func expiry() {
        let table = table(100, lifetime: 1000)
        #expect(count(table, 1, at: 0) == 1)
        #expect(count(table, 1, at: 999) == 2)
        #expect(count(table, 1, at: 1999) == 1)
    }

    @Test("a full table lets the expired go first, and then those not used for longest")
    func eviction() {
        let table = RecordTable("test", VaryingLifetime(), maximumKeys: 4)
        func use(_ key: UInt64, lifetime: Double = 1_000_000, at now: Double) -> Double {
            var arguments = StateWords()
            arguments.append(lifetime)
            return table.run(StateStep(table, StateKey(key), arguments), now: now).words[0]
        }
        for key in 1...3 as ClosedRange<UInt64> { _ = use(key, at: 0) }
        _ = use(4, lifetime: 10, at: 1)
        // 4 was used last and has expired: it goes, and 1, used before all others, stays.
        #expect(use(5, at: 20) == 1)
        #expect(table.count == 4)
        #expect(use(1, at: 21) == 2)
        // Nothing has expired: 2 is the one not used for longest.
        #expect(use(6, at: 22) == 1)
        #expect(use(1, at: 23) == 3)
        #expect(use(3, at: 24) == 2)
        #expect(use(5, at: 25) == 2)
        #expect(use(2, at: 26) == 1)
    }

    /// The lifetime is the step's argument.
    private struct VaryingLifetime: StateProgram {
        let recordSize = 1
        let script = ""
        func run(
            _ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double
        ) -> StateResult {
            record[0] += 1
            var words = StateWords()
            words.append(record[0])
            return StateResult(isApplied: true, lifetime: arguments[0], words: words)
        }
        func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {}
    }

    @Test("a flood of other keys leaves one in use untouched, and the table within its bound")
    func flood() {
        let table = table(10_000, lifetime: 1e12)
        for key in 1...300_000 as ClosedRange<UInt64> {
            _ = count(table, key + 1000, at: Double(key))
            if key.isMultiple(of: 1000) {
                #expect(count(table, 1, at: Double(key)) == Double(key / 1000))
            }
        }
        #expect(table.count <= 10_000 + 64)
    }

    @Test("sweeping removes the expired, and their places are used again")
    func sweeping() {
        let table = table(1000, lifetime: 100)
        for key in 0..<1000 as Range<UInt64> { _ = count(table, key, at: 0) }
        #expect(table.count == 1000)
        table.sweep(now: 200)
        #expect(table.count == 0)
        for key in 5000..<6000 as Range<UInt64> { #expect(count(table, key, at: 300) == 1) }
        #expect(table.count == 1000)
    }

    @Test("a trial changes nothing, and knows nothing of a key that has not been used")
    func trial() {
        let table = table(100)
        let step = CountProgram.step(table, StateKey(1), 1, limit: 1)
        #expect(table.trial(step, mark: 0, now: 0) == nil)
        #expect(table.run(step, now: 0).isApplied)
        #expect(table.trial(step, mark: 0, now: 0)?.isApplied == false)
        // What the others may not know is no reason to decline without asking them.
        #expect(table.trial(step, mark: 1, now: 0) == nil)
        #expect(count(table, 1, at: 0) == 2)
    }

    @Test("random use agrees with a plain dictionary", arguments: 0..<20)
    func random(seed: Int) {
        var random = Randomness(seed: seed)
        let lifetime = 50.0
        let table = table(1_000_000, lifetime: lifetime)
        var plain: [UInt64: (count: Double, until: Double)] = [:]
        var now = 0.0
        for _ in 0..<5000 {
            now += Double.random(in: 0...4, using: &random).rounded()
            let key = UInt64.random(in: 0..<200, using: &random)
            let known = plain[key].flatMap { $0.until > now ? $0.count : nil } ?? 0
            plain[key] = (known + 1, now + lifetime)
            #expect(count(table, key, at: now) == known + 1)
            if Int.random(in: 0..<50, using: &random) == 0 { table.sweep(now: now) }
        }
    }

    @Test("threads that use one key lose no count")
    func threads() async {
        let table = table(1_000_000)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 as Range<UInt64> {
                group.addTask {
                    for key in 0..<2000 as Range<UInt64> {
                        _ = count(table, 7, at: 0)
                        _ = count(table, 1000 + thread * 10_000 + key, at: 0)
                    }
                }
            }
        }
        #expect(count(table, 7, at: 0) == 16_001)
    }
}
