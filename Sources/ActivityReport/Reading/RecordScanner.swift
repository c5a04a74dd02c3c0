import PluginAPI

/// Reads one line of the activity log into a record, and judges whether it is one: a JSON object
/// (RFC 8259) with a `time`, in which every key that records have is of its type or null. Other keys
/// are passed over, and so is what stands in them.
struct RecordScanner {
    private enum Value {
        case time, cost, isStream, isEstimated, usage, decisions, fields
        case isRequestBodyTruncated, isResponseBodyTruncated
        case text(RecordTextKey)
        case count(RecordCountKey)
        case duration(RecordDurationKey)
    }

    private struct Key {
        let name: StaticString
        let value: Value

        @inline(__always)
        func isWritten(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
            text.count == name.utf8CodeUnitCount
                && ASCII.equals(
                    text, UnsafeBufferPointer(start: name.utf8Start, count: text.count))
        }
    }

    /// Keys in the order in which they are written, so that the next one is nearly always the one
    /// behind the last.
    private struct Keys {
        let all: [Key]
        private var expected = 0

        init(_ all: [Key]) { self.all = all }

        mutating func restart() { expected = 0 }

        @inline(__always)
        mutating func find(_ text: UnsafeBufferPointer<UInt8>) -> Key? {
            if expected < all.count, all[expected].isWritten(text) {
                expected += 1
                return all[expected - 1]
            }
            guard let index = all.firstIndex(where: { $0.isWritten(text) }) else { return nil }
            expected = index + 1
            return all[index]
        }
    }

    private var keys = Keys([
        Key(name: "time", value: .time),
        text(.requestID), text(.route), text(.client), text(.peer), text(.identity),
        text(.method), text(.path), count(.status), text(.upstream), count(.attempts),
        duration(.duration), duration(.upstreamDuration), duration(.timeToFirstByte),
        count(.bytesIn), count(.bytesOut),
        Key(name: "stream", value: .isStream), text(.aborted), text(.model),
        Key(name: "usage", value: .usage), Key(name: "cost_usd", value: .cost),
        text(.costSource), text(.finishReason),
        Key(name: "decisions", value: .decisions), text(.error),
        Key(name: "headers", value: .fields),
        text(.requestBody), Key(name: "request_body_truncated", value: .isRequestBodyTruncated),
        text(.responseBody), Key(name: "response_body_truncated", value: .isResponseBodyTruncated),
    ])
    private var usageKeys = Keys([
        count(.input), count(.output), count(.cached), count(.cacheWrite),
        count(.longCacheWrite), count(.reasoning), count(.total),
        Key(name: "estimated", value: .isEstimated),
    ])

    private static func text(_ key: RecordTextKey) -> Key { Key(name: key.name, value: .text(key)) }

    private static func count(_ key: RecordCountKey) -> Key {
        Key(name: key.name, value: .count(key))
    }

    private static func duration(_ key: RecordDurationKey) -> Key {
        Key(name: key.name, value: .duration(key))
    }

    /// - Parameter line: not empty.
    mutating func scan(
        _ line: UnsafeBufferPointer<UInt8>, into record: ActivityRecord
    ) throws(RecordProblem) {
        record.begin(line)
        keys.restart()
        var cursor = JSONCursor(line)
        var key: Key?
        // Typed, so that what goes wrong on every line of a foreign file costs little to throw.
        do throws(JSONCursor.Fault) {
            cursor.skipSpace()
            var members = try cursor.members()
            var hasTime = false
            while let name = try members.next(&cursor) {
                key = name.hasEscapes ? findUnescaped(name) : keys.find(name.bytes)
                if let key {
                    if case .time = key.value { hasTime = true }
                    try read(key.value, &cursor, into: record)
                } else {
                    try cursor.skipValue()
                }
                key = nil
            }
            cursor.skipSpace()
            guard cursor.isAtEnd else { throw cursor.fault("nothing behind the record") }
            guard hasTime else { throw cursor.fault("a \"time\" in the record") }
        } catch {
            throw RecordProblem(key: key?.name, expected: error.expected, offset: error.offset)
        }
    }

    /// No writer has a reason to escape a key, and readers have to understand it.
    private mutating func findUnescaped(_ name: JSONCursor.Text) -> Key? {
        var text = UnescapedText.string(name)
        return text.withUTF8 { keys.find($0) }
    }

    // MARK: Values

    @inline(__always)
    private mutating func read(
        _ value: Value, _ cursor: inout JSONCursor, into record: ActivityRecord
    ) throws(JSONCursor.Fault) {
        switch value {
        case .text(let key): record.set(key, try Self.text(&cursor))
        case .count(let key): record.set(key, try Self.count(&cursor))
        case .duration(let key): record.set(key, try Self.microseconds(&cursor))
        case .time: record.time = try Self.time(&cursor, record)
        case .cost: record.cost = try Self.cost(&cursor, record)
        case .isStream: record.isStream = try Self.flag(&cursor)
        case .isRequestBodyTruncated: record.isRequestBodyTruncated = try Self.flag(&cursor)
        case .isResponseBodyTruncated: record.isResponseBodyTruncated = try Self.flag(&cursor)
        case .isEstimated: record.isEstimated = try Self.flag(&cursor)
        case .usage: try readUsage(&cursor, into: record)
        case .decisions: try readDecisions(&cursor, into: record)
        case .fields: try readFields(&cursor, into: record)
        }
    }

    @inline(__always)
    private static func text(_ cursor: inout JSONCursor) throws(JSONCursor.Fault)
        -> JSONCursor.Text?
    {
        if cursor.byte == UInt8(ascii: "\"") { return try cursor.text() }
        guard try cursor.takeNull() else { throw cursor.fault("a string or null") }
        return nil
    }

    @inline(__always)
    private static func count(_ cursor: inout JSONCursor) throws(JSONCursor.Fault) -> Int64? {
        if try cursor.takeNull() { return nil }
        let place = cursor
        guard cursor.byte &- 0x30 < 10 else { throw cursor.fault("a whole number or null") }
        let number = try cursor.number()
        guard number.isWhole, let count = ASCII.decimal(number.bytes) else {
            throw place.fault("a whole number below 2^63")
        }
        return Int64(count)
    }

    /// Milliseconds with up to three decimals; more are rounded.
    @inline(__always)
    private static func microseconds(_ cursor: inout JSONCursor) throws(JSONCursor.Fault) -> Int64?
    {
        if try cursor.takeNull() { return nil }
        let place = cursor
        guard cursor.byte &- 0x30 < 10 else {
            throw cursor.fault("milliseconds, a number of at least 0, or null")
        }
        let number = try cursor.number()
        guard let microseconds = microseconds(number.bytes) else {
            throw place.fault("milliseconds below 2^53")
        }
        return microseconds
    }

    /// Microseconds of a number of milliseconds as a record writes it; nil for anything else.
    static func microseconds(of text: String) -> Int64? {
        var text = text
        return text.withUTF8 { bytes in
            guard !bytes.isEmpty else { return nil }
            var cursor = JSONCursor(bytes)
            guard let found = try? microseconds(&cursor), cursor.isAtEnd else { return nil }
            return found
        }
    }

    private static let longest: Double = 9_007_199_254_740_992

    @inline(__always)
    private static func microseconds(_ number: UnsafeBufferPointer<UInt8>) -> Int64? {
        var value: Int64 = 0
        var decimals = 0
        var isFraction = false
        // Sixteen digits cannot overflow, and no duration that is written has more.
        guard number.count <= 16 else { return roundedMicroseconds(number) }
        for byte in number {
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte &- 0x30 < 10, decimals < 3 {
                value = value &* 10 &+ Int64(byte &- 0x30)
                if isFraction { decimals += 1 }
            } else {
                return roundedMicroseconds(number)
            }
        }
        while decimals < 3 {
            value = value &* 10
            decimals += 1
        }
        return Double(value) < longest * 1000 ? value : nil
    }

    /// With an exponent, or with more digits than there are microseconds.
    private static func roundedMicroseconds(_ number: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard let value = Double(String(decoding: number, as: UTF8.self)), value < longest else {
            return nil
        }
        return Int64((value * 1000).rounded())
    }

    @inline(__always)
    private static func time(_ cursor: inout JSONCursor, _ record: ActivityRecord)
        throws(JSONCursor.Fault) -> WallTime
    {
        let place = cursor
        guard cursor.byte == UInt8(ascii: "\"") else {
            throw cursor.fault("a time, as RFC 3339 writes it")
        }
        let text = record.reading(try cursor.text())
        guard let time = WallTime(text.bytes) ?? WallTime(rfc3339: text.string) else {
            throw place.fault("a time, as RFC 3339 writes it")
        }
        return time
    }

    @inline(__always)
    private static func cost(_ cursor: inout JSONCursor, _ record: ActivityRecord)
        throws(JSONCursor.Fault) -> Money?
    {
        let place = cursor
        guard let text = try text(&cursor) else { return nil }
        guard let cost = Money(decimal: record.reading(text).bytes) else {
            throw place.fault("an amount, a decimal in a string, of less than nine million")
        }
        return cost
    }

    private static func flag(_ cursor: inout JSONCursor) throws(JSONCursor.Fault) -> Bool? {
        switch cursor.byte {
        case UInt8(ascii: "t"):
            try cursor.literal("true")
            return true
        case UInt8(ascii: "f"):
            try cursor.literal("false")
            return false
        default:
            guard try cursor.takeNull() else { throw cursor.fault("true, false or null") }
            return nil
        }
    }

    // MARK: What has parts

    private mutating func readUsage(
        _ cursor: inout JSONCursor, into record: ActivityRecord
    ) throws(JSONCursor.Fault) {
        record.beginUsage()
        if try cursor.takeNull() { return }
        usageKeys.restart()
        var members = try cursor.members()
        while let name = try members.next(&cursor) {
            switch usageKeys.find(name.bytes)?.value {
            case .count(let key): record.set(key, try Self.count(&cursor))
            case .isEstimated: record.isEstimated = try Self.flag(&cursor)
            default: try cursor.skipValue()
            }
        }
    }

    private func readDecisions(
        _ cursor: inout JSONCursor, into record: ActivityRecord
    ) throws(JSONCursor.Fault) {
        record.beginDecisions()
        if try cursor.takeNull() { return }
        var elements = try cursor.elements()
        while try elements.next(&cursor) {
            var (plugin, decision, reason): (JSONCursor.Text?, JSONCursor.Text?, JSONCursor.Text?)
            var members = try cursor.members()
            while let name = try members.next(&cursor) {
                let name = RecordText(bytes: name.bytes)
                if name == "plugin" {
                    plugin = try Self.text(&cursor)
                } else if name == "decision" {
                    decision = try Self.text(&cursor)
                } else if name == "reason" {
                    reason = try Self.text(&cursor)
                } else {
                    try cursor.skipValue()
                }
            }
            record.append(plugin: plugin, decision: decision, reason: reason)
        }
    }

    private func readFields(
        _ cursor: inout JSONCursor, into record: ActivityRecord
    ) throws(JSONCursor.Fault) {
        record.setFields(nil)
        if try cursor.takeNull() { return }
        let start = cursor.position
        guard cursor.byte == UInt8(ascii: "{") else { throw cursor.fault("an object or null") }
        try cursor.skipValue()
        record.setFields(UnsafeBufferPointer(start: start, count: cursor.position - start))
    }
}
