import PluginAPI

/// A table in this process's memory, shared by all event loops: a request locks one part of many, for
/// as long as a program's step takes.
package final class RecordTable: StateTable {
    package let name: String
    package let program: any StateProgram
    let script: StateScript
    private let shards: [Locked<RecordShard>]

    package init(_ name: String, _ program: any StateProgram, maximumKeys: Int) {
        self.name = name
        self.program = program
        script = StateScript(program)
        var shardCount = 1
        // Small tables stay whole, or a bound of ten keys would be ten bounds of one.
        while shardCount < 64, maximumKeys / shardCount >= 2048 { shardCount *= 2 }
        let limit = max(1, (maximumKeys + shardCount - 1) / shardCount)
        let recordSize = program.recordSize
        shards = (0..<shardCount).map { _ in
            Locked(RecordShard(recordSize: recordSize, limit: limit))
        }
    }

    package var count: Int { shards.reduce(0) { $0 + $1.withLock { $0.count } } }

    private func shard(_ hash: Int) -> Locked<RecordShard> { shards[hash & (shards.count - 1)] }

    /// Takes a step here and now.
    package func run(_ step: StateStep, now: Double) -> StateResult {
        let hash = step.key.hashValue
        return shard(hash).withLock { shard in
            shard.update(step.key, hash: hash, now: now) { record, _ in
                let result = program.run(&record, step.arguments, now: now)
                return (result, lifetime: result.lifetime)
            }
        }
    }

    /// What would come of a step by what is known here; nil when nothing is known of its key.
    func trial(_ step: StateStep, now: Double) -> StateResult? {
        let hash = step.key.hashValue
        return shard(hash).withLock { shard in
            shard.read(step.key, hash: hash, now: now) { record, _ in
                withCopy(of: record) { program.run(&$0, step.arguments, now: now) }
            }
        }
    }

    /// Gives `body` the words known here of a key that has not been told to the others since the
    /// connection to them was last lost.
    func withUntold(_ key: StateKey, mark: UInt32, now: Double, _ body: (Span<Double>) -> Void) {
        let hash = key.hashValue
        shard(hash).withLock { shard in
            _ = shard.read(key, hash: hash, now: now) { record, known in
                if known != mark { body(record) }
            }
        }
    }

    /// Takes over what the others know.
    func store(
        _ key: StateKey, _ words: Span<Double>, lifetime: Double, mark: UInt32, now: Double
    ) {
        let hash = key.hashValue
        shard(hash).withLock { shard in
            shard.update(key, hash: hash, now: now) { record, known in
                for index in words.indices { record[index] = words[index] }
                known = mark
                return ((), lifetime: lifetime)
            }
        }
    }

    /// Adds what the others know to what is known here, where that may be more in part.
    func merge(_ key: StateKey, _ words: Span<Double>, lifetime: Double, now: Double) {
        let hash = key.hashValue
        shard(hash).withLock { shard in
            shard.update(key, hash: hash, now: now) { record, _ in
                program.merge(&record, words)
                return ((), lifetime: lifetime)
            }
        }
    }

    /// Removes the expired among a part of the records. Called every so often.
    func sweep(now: Double) {
        for shard in shards { shard.withLock { $0.sweep(1024, now) } }
    }

    private func withCopy<Result>(
        of record: Span<Double>, _ body: (inout MutableSpan<Double>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: record.count) { copy in
            for index in record.indices { copy.initializeElement(at: index, to: record[index]) }
            var span = copy.mutableSpan
            return body(&span)
        }
    }
}
