import Glibc

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
    private var scanner = RecordScanner()
    private let record = ActivityRecord()
    /// The beginning of a line.
    private var pending: [UInt8] = []
    /// The line is too long, and its rest is to be passed over.
    private var isPassingOver = false
    private var lineNumber = 0

    /// - Parameters:
    ///   - longestLine: in bytes; a longer one is no record.
    ///   - numbersLines: whether messages have the line's number.
    package init(name: String, longestLine: Int = 16 << 20, numbersLines: Bool = true) {
        self.name = name
        self.longestLine = longestLine
        self.numbersLines = numbersLines
    }

    /// Takes the next bytes.
    /// - Parameter body: called with each record whose line ends in them; what it is given is valid
    ///   during the call.
    package func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (ActivityRecord) throws -> Void
    ) rethrows {
        guard var start = bytes.baseAddress else { return }
        let end = start + bytes.count
        while start < end, let found = memchr(start, 0x0A, end - start) {
            let lineBreak = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
            let line = UnsafeBufferPointer(start: start, count: lineBreak - start)
            start = lineBreak + 1
            if pending.isEmpty, !isPassingOver {
                try take(line, body)
            } else {
                keep(line)
                try endLine(body)
            }
        }
        if start < end { keep(UnsafeBufferPointer(start: start, count: end - start)) }
    }

    /// Nothing more comes: what is left is the last line, without a line break.
    package func end(_ body: (ActivityRecord) throws -> Void) rethrows {
        if !pending.isEmpty || isPassingOver { try endLine(body) }
    }

    /// Forgets the beginning of a line whose end will never come, as after a truncation.
    package func discardUnfinishedLine() {
        pending.removeAll()
        isPassingOver = false
    }

    private func keep(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !isPassingOver else { return }
        guard pending.count + bytes.count <= longestLine else {
            pending = []
            isPassingOver = true
            return
        }
        pending.append(contentsOf: bytes)
    }

    private func endLine(_ body: (ActivityRecord) throws -> Void) rethrows {
        let line = pending
        pending.removeAll(keepingCapacity: line.count <= 1 << 20)
        if isPassingOver {
            isPassingOver = false
            lineNumber += 1
            skipTooLong()
        } else {
            try line.withUnsafeBufferPointer { try take($0, body) }
        }
    }

    @inline(__always)
    private func take(
        _ line: UnsafeBufferPointer<UInt8>, _ body: (ActivityRecord) throws -> Void
    ) rethrows {
        lineNumber += 1
        guard !isBlank(line) else { return }
        guard line.count <= longestLine else {
            return skipTooLong()
        }
        do throws(RecordProblem) {
            try scanner.scan(line, into: record)
        } catch {
            return skipped.add { "\(place): \(error.description(in: line))" }
        }
        try body(record)
    }

    private var place: String { numbersLines ? "\(name):\(lineNumber)" : name }

    private func skipTooLong() {
        skipped.add { "\(place): expected a line of at most \(longestLine) bytes" }
    }

    @inline(__always)
    private func isBlank(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        if line.first == UInt8(ascii: "{") { return false }
        return line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
