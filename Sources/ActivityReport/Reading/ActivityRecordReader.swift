/// Takes the bytes of an activity log, in runs of any size, and hands out its records one by one.
///
///     let reader = ActivityRecordReader(name: "activity.jsonl")
///     reader.read(bytes) { record in … }
///     reader.end { record in … }
///     if reader.skipped.count > 0 { print(reader.skipped) }
///
/// Nothing is kept but the beginning of a line whose end has not come yet. Lines that are no record
/// are counted and passed over. One thread uses it.
package final class ActivityRecordReader {
    /// Where the bytes come from, in messages.
    package let name: String
    /// Lines that were no record.
    package private(set) var skipped = SkippedLines()
    private let longestLine: Int
    private let numbersLines: Bool
    private var lines: LineReader
    private var scanner = RecordScanner()
    private let record = ActivityRecord()

    /// - Parameters:
    ///   - longestLine: in bytes; a longer one is no record.
    ///   - numbersLines: whether messages have the line's number.
    package init(name: String, longestLine: Int = 16 << 20, numbersLines: Bool = true) {
        self.name = name
        self.longestLine = longestLine
        lines = LineReader(longestLine: longestLine)
        self.numbersLines = numbersLines
    }

    /// Takes the next bytes.
    /// - Parameter body: called with each record whose line ends in them; what it is given is valid
    ///   during the call.
    package func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (ActivityRecord) throws -> Void
    ) rethrows {
        try lines.read(bytes) { try take($0, $1, body) }
    }

    /// Nothing more comes: what is left is the last line, without a line break.
    package func end(_ body: (ActivityRecord) throws -> Void) rethrows {
        try lines.end { try take($0, $1, body) }
    }

    /// Forgets the beginning of a line whose end will never come, as after a truncation.
    package func discardUnfinishedLine() { lines.discardUnfinishedLine() }

    /// Takes one line, as `LineReader` hands it out.
    @inline(__always)
    package func take(
        _ line: UnsafeBufferPointer<UInt8>?, _ lineNumber: Int,
        _ body: (ActivityRecord) throws -> Void
    ) rethrows {
        guard let line else {
            return skipped.add {
                "\(place(lineNumber)): expected a line of at most \(longestLine) bytes"
            }
        }
        guard !line.isBlank else { return }
        do throws(RecordProblem) {
            try scanner.scan(line, into: record)
        } catch {
            return skipped.add { "\(place(lineNumber)): \(error.description(in: line))" }
        }
        try body(record)
    }

    private func place(_ lineNumber: Int) -> String {
        numbersLines ? "\(name):\(lineNumber)" : name
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether there is nothing in this line.
    @inline(__always)
    package var isBlank: Bool {
        if first == UInt8(ascii: "{") { return false }
        return allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
