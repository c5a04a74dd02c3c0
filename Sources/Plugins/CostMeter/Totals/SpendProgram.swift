import PluginAPI

/// What answers took in the present hour and day, and in those before.
///
/// A record is, for the hours and then for the days, two buckets: the newest and the one before it. A bucket
/// is its number, which is the time divided by its length, and the words of a `Spend`; one of number 0 is
/// empty. The arguments are a `Spend` to be added, which may be nothing. The results are that of the present
/// hour, and of the present day.
package struct SpendProgram: StateProgram {
    /// In µs.
    static let lengths = [3_600_000_000.0, 86_400_000_000.0]
    private static let bucket = 1 + Spend.words
    private static let pair = 2 * bucket

    package init() {}

    package var recordSize: Int { Self.lengths.count * Self.pair }

    package func run(
        _ record: inout MutableSpan<Double>, _ arguments: borrowing StateWords, now: Double
    ) -> StateResult {
        var words = StateWords()
        for (index, length) in Self.lengths.enumerated() {
            let newest = index * Self.pair
            let number = (now / length).rounded(.down)
            if number > record[newest] {
                Self.turn(&record, newest, isNext: number == record[newest] + 1)
                record[newest] = number
            }
            for word in 0..<Spend.words { record[newest + 1 + word] += arguments[word] }
            let micros = newest + Spend.words - 1
            let carried = (record[micros + 1] / Spend.picosInMicro).rounded(.down)
            record[micros] += carried
            record[micros + 1] -= carried * Spend.picosInMicro
            for word in 0..<Spend.words { words.append(record[newest + 1 + word]) }
        }
        let day = Self.lengths[Self.lengths.count - 1]
        let lifetime = ((now / day).rounded(.down) + 2) * day - now
        return StateResult(isApplied: true, lifetime: lifetime, words: words)
    }

    package func merge(_ record: inout MutableSpan<Double>, _ other: Span<Double>) {
        for index in Self.lengths.indices {
            let newest = index * Self.pair
            if other[newest] > record[newest] {
                Self.turn(&record, newest, isNext: other[newest] == record[newest] + 1)
                record[newest] = other[newest]
            }
            for place in [newest, newest + Self.bucket] {
                for theirs in [newest, newest + Self.bucket]
                where other[theirs] == record[place] && record[place] > 0 {
                    Self.raise(&record, place, other, theirs)
                }
            }
        }
    }

    /// The newest bucket becomes the one before, or both are emptied.
    private static func turn(_ record: inout MutableSpan<Double>, _ newest: Int, isNext: Bool) {
        for word in 0..<bucket {
            record[newest + bucket + word] = isNext ? record[newest + word] : 0
            record[newest + word] = 0
        }
    }

    /// Of two counts of one time the higher one: both have seen what came before they parted.
    private static func raise(
        _ record: inout MutableSpan<Double>, _ place: Int, _ other: Span<Double>, _ theirs: Int
    ) {
        let micros = Spend.words - 1
        for word in 1..<micros {
            record[place + word] = max(record[place + word], other[theirs + word])
        }
        let isMore =
            other[theirs + micros] > record[place + micros]
            || other[theirs + micros] == record[place + micros]
                && other[theirs + micros + 1] > record[place + micros + 1]
        if isMore {
            record[place + micros] = other[theirs + micros]
            record[place + micros + 1] = other[theirs + micros + 1]
        }
    }

    /// The same, operation by operation.
    package var script: String {
        """
        local LENGTHS, WORDS = { \(Self.lengths.map { String(Int($0)) }.joined(separator: ", ")) }, \(Spend.words)
        local BUCKET, PAIR, PICOS = \(Self.bucket), \(Self.pair), \(Int(Spend.picosInMicro))
        local MICROS = WORDS - 1

        local function turn(record, newest, is_next)
            for word = 0, BUCKET - 1 do
                record[newest + BUCKET + word] = is_next and record[newest + word] or 0
                record[newest + word] = 0
            end
        end

        local function raise(record, place, other, theirs)
            for word = 1, MICROS - 1 do
                record[place + word] = math.max(record[place + word], other[theirs + word])
            end
            local mine, more = record[place + MICROS], other[theirs + MICROS]
            if more > mine
                or more == mine and other[theirs + MICROS + 1] > record[place + MICROS + 1] then
                record[place + MICROS] = more
                record[place + MICROS + 1] = other[theirs + MICROS + 1]
            end
        end

        local function run(record, arguments, now)
            local words = {}
            for index, length in ipairs(LENGTHS) do
                local newest = (index - 1) * PAIR + 1
                local number = math.floor(now / length)
                if number > record[newest] then
                    turn(record, newest, number == record[newest] + 1)
                    record[newest] = number
                end
                for word = 1, WORDS do
                    record[newest + word] = record[newest + word] + arguments[word]
                end
                local carried = math.floor(record[newest + MICROS + 1] / PICOS)
                record[newest + MICROS] = record[newest + MICROS] + carried
                record[newest + MICROS + 1] = record[newest + MICROS + 1] - carried * PICOS
                for word = 1, WORDS do words[#words + 1] = record[newest + word] end
            end
            local day = LENGTHS[#LENGTHS]
            return 1, (math.floor(now / day) + 2) * day - now, words
        end

        local function merge(record, other)
            for index = 1, #LENGTHS do
                local newest = (index - 1) * PAIR + 1
                if other[newest] > record[newest] then
                    turn(record, newest, other[newest] == record[newest] + 1)
                    record[newest] = other[newest]
                end
                for place = newest, newest + BUCKET, BUCKET do
                    for theirs = newest, newest + BUCKET, BUCKET do
                        if other[theirs] == record[place] and record[place] > 0 then
                            raise(record, place, other, theirs)
                        end
                    end
                end
            end
        end
        """
    }
}
