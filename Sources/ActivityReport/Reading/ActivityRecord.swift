import PluginAPI

/// One record of the activity log, as `ActivityRecordReader` hands it out.
///
/// It is filled anew for each line: what it gives is valid until the next one is read. One thread
/// uses it. What the record has null for, or not at all, is nil.
package final class ActivityRecord {
    /// What one plugin decided, when that was not to proceed.
    package struct Decision {
        package fileprivate(set) var plugin: RecordText?
        /// `refuse`, `answer`, `observed` or `failed`.
        package fileprivate(set) var decision: RecordText?
        package fileprivate(set) var reason: RecordText?
    }

    /// When the request's first byte arrived.
    package internal(set) var time = WallTime(microseconds: 0)
    package internal(set) var cost: Money?
    /// Whether the answer was a stream of events.
    package internal(set) var isStream: Bool?
    /// Whether the tokens are somebody's estimate.
    package internal(set) var isEstimated: Bool?
    /// Whether there was more of the request's body than is in the record.
    package internal(set) var isRequestBodyTruncated: Bool?
    /// Whether there was more of the answer's body than is in the record.
    package internal(set) var isResponseBodyTruncated: Bool?
    package private(set) var decisions: [Decision] = []
    /// The whole line, without its line break.
    package private(set) var line = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    private var texts = [RecordText?](repeating: nil, count: RecordTextKey.allCases.count)
    private var counts = [Int64?](repeating: nil, count: RecordCountKey.allCases.count)
    private var durations = [Int64?](repeating: nil, count: RecordDurationKey.allCases.count)
    /// The object of included fields, as it is written.
    private var fields: UnsafeBufferPointer<UInt8>?
    private let escapes = UnescapedText()

    package init() {}

    package func text(_ key: RecordTextKey) -> RecordText? { texts[key.rawValue] }

    /// Never negative.
    package func count(_ key: RecordCountKey) -> Int64? { counts[key.rawValue] }

    /// Never negative.
    package func microseconds(_ key: RecordDurationKey) -> Int64? { durations[key.rawValue] }

    /// The request's fields that were recorded, by lower-case name in the record's order; nil for one
    /// that the request did not have.
    package var headers: [(name: String, value: String?)] {
        guard let fields else { return [] }
        var cursor = JSONCursor(fields)
        var found: [(name: String, value: String?)] = []
        // They have been read once already: there is nothing to be thrown.
        guard var members = try? cursor.members() else { return [] }
        while let name = try? members.next(&cursor) {
            let value: String?
            if cursor.byte == UInt8(ascii: "\""), let text = try? cursor.text() {
                value = UnescapedText.string(text)
            } else {
                guard (try? cursor.skipValue()) != nil else { return found }
                value = nil
            }
            found.append((UnescapedText.string(name), value))
        }
        return found
    }
}

// MARK: Filling

extension ActivityRecord {
    /// Forgets the last line, and gets ready for this one.
    func begin(_ line: UnsafeBufferPointer<UInt8>) {
        self.line = line
        cost = nil
        isStream = nil
        isRequestBodyTruncated = nil
        isResponseBodyTruncated = nil
        fields = nil
        decisions.removeAll(keepingCapacity: true)
        for index in texts.indices { texts[index] = nil }
        for index in counts.indices { counts[index] = nil }
        for index in durations.indices { durations[index] = nil }
        isEstimated = nil
        escapes.begin(longest: line.count)
    }

    /// Text as it reads, without its escapes.
    @inline(__always)
    func reading(_ text: JSONCursor.Text) -> RecordText {
        RecordText(bytes: text.hasEscapes ? escapes.append(text.bytes) : text.bytes)
    }

    @inline(__always)
    func set(_ key: RecordTextKey, _ text: JSONCursor.Text?) {
        texts[key.rawValue] = text.map(reading)
    }

    @inline(__always)
    func set(_ key: RecordCountKey, _ count: Int64?) { counts[key.rawValue] = count }

    @inline(__always)
    func set(_ key: RecordDurationKey, _ microseconds: Int64?) {
        durations[key.rawValue] = microseconds
    }

    func setFields(_ bytes: UnsafeBufferPointer<UInt8>?) { fields = bytes }

    /// A key that stands twice counts as it stands last.
    func beginDecisions() { decisions.removeAll(keepingCapacity: true) }

    func beginUsage() {
        for key in [RecordCountKey.input, .output, .cached, .cacheWrite, .longCacheWrite] {
            counts[key.rawValue] = nil
        }
        counts[RecordCountKey.reasoning.rawValue] = nil
        counts[RecordCountKey.total.rawValue] = nil
        isEstimated = nil
    }

    func append(
        plugin: JSONCursor.Text?, decision: JSONCursor.Text?, reason: JSONCursor.Text?
    ) {
        decisions.append(
            Decision(
                plugin: plugin.map(reading), decision: decision.map(reading),
                reason: reason.map(reading)))
    }
}
