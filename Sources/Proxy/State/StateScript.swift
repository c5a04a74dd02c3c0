import Glibc
import PluginAPI

/// A program as Redis runs it: one script that reads the record, changes it and sets its expiry, by
/// Redis's own clock, in one step.
///
/// A record is kept as its words in decimal with spaces between, so that an operator can read it.
final class StateScript: Sendable {
    let script: RedisScript
    private let recordSize: Int

    init(_ program: any StateProgram) {
        recordSize = program.recordSize
        script = RedisScript(
            source: """
                local size = \(program.recordSize)
                \(program.script)
                local time = redis.call('TIME')
                local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
                local record = {}
                local stored = redis.call('GET', KEYS[1])
                if stored then
                    for word in string.gmatch(stored, '%S+') do record[#record + 1] = tonumber(word) end
                end
                if #record ~= size then
                    record = {}
                    for index = 1, size do record[index] = 0 end
                end
                local untold = tonumber(ARGV[1])
                if untold == size then
                    local other = {}
                    for index = 1, size do other[index] = tonumber(ARGV[1 + index]) end
                    merge(record, other)
                end
                local arguments = {}
                for index = 2 + untold, #ARGV do
                    arguments[#arguments + 1] = tonumber(ARGV[index])
                end
                local applied, lifetime, words = run(record, arguments, now)
                local texts = {}
                for index = 1, size do texts[index] = string.format('%.17g', record[index]) end
                local kept = table.concat(texts, ' ')
                redis.call('SET', KEYS[1], kept, 'PX', math.max(1, math.ceil(lifetime / 1000)))
                local head = {
                    string.format('%.17g', now), tostring(applied), string.format('%.17g', lifetime),
                    tostring(#words),
                }
                for index = 1, #words do head[4 + index] = string.format('%.17g', words[index]) end
                return table.concat(head, ' ') .. ' ' .. kept
                """)
    }

    /// - Parameters:
    ///   - key: as it stands in Redis.
    ///   - untold: what is known here of the record and perhaps not there; empty otherwise.
    func arguments(_ key: [UInt8], _ untold: [Double], _ words: StateWords) -> RedisArguments {
        var arguments = RedisArguments(capacity: 256)
        arguments.append(key)
        arguments.append(Int64(untold.count))
        for word in untold { Self.append(word, to: &arguments) }
        for index in 0..<words.count { Self.append(words[index], to: &arguments) }
        return arguments
    }

    private static func append(_ word: Double, to arguments: inout RedisArguments) {
        if let whole = Int64(exactly: word) { return arguments.append(whole) }
        arguments.append(Array(word.description.utf8))
    }

    /// What the script answered.
    struct Reply {
        /// In µs, by Redis's clock.
        let now: Double
        let result: StateResult
        let record: [Double]
    }

    /// - Returns: nil when it is not what the script writes.
    func reply(_ text: UnsafeBufferPointer<UInt8>) -> Reply? {
        var reader = WordReader(text)
        guard let now = reader.next(), let applied = reader.next(), let lifetime = reader.next(),
            let count = reader.next(), (0...Double(StateWords.capacity)).contains(count)
        else { return nil }
        var words = StateWords()
        for _ in 0..<Int(count) {
            guard let word = reader.next() else { return nil }
            words.append(word)
        }
        var record: [Double] = []
        record.reserveCapacity(recordSize)
        while let word = reader.next() { record.append(word) }
        guard record.count == recordSize else { return nil }
        return Reply(
            now: now,
            result: StateResult(isApplied: applied == 1, lifetime: lifetime, words: words),
            record: record)
    }
}

/// Reads numbers with spaces between. The text is followed by a zero byte, as hiredis leaves it.
private struct WordReader {
    private var place: UnsafePointer<CChar>
    private let end: UnsafePointer<CChar>

    init(_ text: UnsafeBufferPointer<UInt8>) {
        let start = UnsafeRawPointer(text.baseAddress!).assumingMemoryBound(to: CChar.self)
        place = start
        end = start + text.count
    }

    mutating func next() -> Double? {
        guard place < end else { return nil }
        var after: UnsafeMutablePointer<CChar>?
        let word = strtod(place, &after)
        guard let after, after > place, after <= end else { return nil }
        place = UnsafePointer(after)
        return word
    }
}
