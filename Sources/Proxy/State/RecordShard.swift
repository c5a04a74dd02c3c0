import PluginAPI

/// A part of a table: records by key, in the order of their use, never more than so many.
///
/// Looking up, adding and evicting take constant time. Places are numbers into parallel arrays, so
/// that a record costs its key, its words and 28 bytes, and nothing is allocated for one by itself.
struct RecordShard {
    private let recordSize: Int
    private let limit: Int

    private var keys: [StateKey] = []
    private var words: [Double] = []
    /// In µs of the state's clock. At this time the record is as good as new.
    private var expiries: [Double] = []
    private var marks: [UInt32] = []
    /// Chains of the places whose keys fall into the same bucket, and of those that are free.
    private var next: [Int32] = []
    private var newer: [Int32] = []
    private var older: [Int32] = []
    private var buckets: [Int32] = [Int32](repeating: none, count: 8)
    private var free = none
    private var newest = none
    private var oldest = none
    private var hand = 0
    private(set) var count = 0

    private static let none: Int32 = -1
    /// How many places are looked at for expired records when one is added: more than are added, so
    /// that the expired are gone before they are in the way.
    private static let sweptAtOnce = 4

    init(recordSize: Int, limit: Int) {
        self.recordSize = recordSize
        self.limit = limit
    }

    // MARK: - Records

    /// Runs `body` with the key's record, which is made when there is none.
    /// - Parameters:
    ///   - body: changes the record, and returns its lifetime from now on in µs beside its result.
    ///     The mark is the record's own, 0 when it is new.
    mutating func update<Result>(
        _ key: StateKey, hash: Int, now: Double,
        _ body: (inout MutableSpan<Double>, inout UInt32) -> (Result, lifetime: Double)
    ) -> Result {
        let place = find(key, hash) ?? add(key, hash, now)
        touch(place)
        let range = places(of: place)
        if expiries[Int(place)] <= now { clear(place) }
        var mark = marks[Int(place)]
        var all = words.mutableSpan
        var record = all._mutatingExtracting(range)
        let (result, lifetime) = body(&record, &mark)
        marks[Int(place)] = mark
        expiries[Int(place)] = now + lifetime
        return result
    }

    /// Runs `body` with the key's record, if there is one that has not expired.
    func read<Result>(
        _ key: StateKey, hash: Int, now: Double, _ body: (Span<Double>, UInt32) -> Result
    ) -> Result? {
        guard let place = find(key, hash), expiries[Int(place)] > now else { return nil }
        return body(words.span.extracting(places(of: place)), marks[Int(place)])
    }

    /// Where the record's words are.
    private func places(of place: Int32) -> Range<Int> {
        let first = Int(place) * recordSize
        return first..<(first + recordSize)
    }

    private mutating func clear(_ place: Int32) {
        for index in places(of: place) { words[index] = 0 }
        marks[Int(place)] = 0
    }

    // MARK: - Places

    private func bucket(_ hash: Int) -> Int {
        // The low bits have chosen the shard.
        Int(truncatingIfNeeded: UInt(bitPattern: hash) >> 16) & (buckets.count - 1)
    }

    private func find(_ key: StateKey, _ hash: Int) -> Int32? {
        var place = buckets[bucket(hash)]
        while place != Self.none {
            if keys[Int(place)] == key { return place }
            place = next[Int(place)]
        }
        return nil
    }

    private mutating func add(_ key: StateKey, _ hash: Int, _ now: Double) -> Int32 {
        sweep(Self.sweptAtOnce, now)
        if count >= limit { remove(oldest) }
        let place: Int32
        if free != Self.none {
            place = free
            free = next[Int(place)]
            keys[Int(place)] = key
            clear(place)
        } else {
            place = Int32(keys.count)
            keys.append(key)
            for _ in 0..<recordSize { words.append(0) }
            expiries.append(0)
            marks.append(0)
            next.append(Self.none)
            newer.append(Self.none)
            older.append(Self.none)
            if keys.count > buckets.count { growBuckets() }
        }
        // Not expired before it is first used.
        expiries[Int(place)] = .infinity
        let bucket = bucket(hash)
        next[Int(place)] = buckets[bucket]
        buckets[bucket] = place
        link(place)
        count += 1
        return place
    }

    private mutating func remove(_ place: Int32) {
        let bucket = bucket(keys[Int(place)].hashValue)
        if buckets[bucket] == place {
            buckets[bucket] = next[Int(place)]
        } else {
            var before = buckets[bucket]
            while next[Int(before)] != place { before = next[Int(before)] }
            next[Int(before)] = next[Int(place)]
        }
        unlink(place)
        keys[Int(place)] = .everyone
        expiries[Int(place)] = .infinity
        next[Int(place)] = free
        free = place
        count -= 1
    }

    /// Removes the expired among so many places, from where it last left off.
    mutating func sweep(_ places: Int, _ now: Double) {
        for _ in 0..<min(places, keys.count) {
            hand = hand + 1 < keys.count ? hand + 1 : 0
            if expiries[hand] <= now { remove(Int32(hand)) }
        }
    }

    private mutating func growBuckets() {
        buckets = [Int32](repeating: Self.none, count: buckets.count * 2)
        var place = newest
        while place != Self.none {
            let bucket = bucket(keys[Int(place)].hashValue)
            next[Int(place)] = buckets[bucket]
            buckets[bucket] = place
            place = older[Int(place)]
        }
    }

    // MARK: - The order of use

    private mutating func touch(_ place: Int32) {
        guard newest != place else { return }
        unlink(place)
        link(place)
    }

    private mutating func link(_ place: Int32) {
        older[Int(place)] = newest
        newer[Int(place)] = Self.none
        if newest != Self.none { newer[Int(newest)] = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int32) {
        let (before, after) = (newer[Int(place)], older[Int(place)])
        if before != Self.none { older[Int(before)] = after } else { newest = after }
        if after != Self.none { newer[Int(after)] = before } else { oldest = before }
    }
}
