import PluginAPI

/// Reads what one answer says of what it took, while it passes, and takes out or puts in the little that
/// the client is to see otherwise than the upstream wrote it. It reads one after another.
final class AnswerMeter {
    /// How the answer's body is read.
    enum Reading {
        /// Not at all: it is no answer of a model's.
        case none
        /// Not at all, though it is one: its bytes are coded.
        case coded
        case plain
        case events
    }

    /// What becomes of a stream's bytes.
    struct Changes {
        /// The upstream tells its usage because it was asked to, and the client did not ask.
        var removesUsage = false
        /// What an answer's usage comes to is written beside it, as text of JSON; nil where it is not.
        var cost: ((TokenUsage) -> Money?)?
    }

    /// The most of an event that is held while its end has not come. Only an answer's own usage is ever
    /// taken out, and such an event is shorter; a longer one passes.
    private static let longestHeldEvent = 1 << 16

    private static let keptCapacity = 1 << 12

    private(set) var report = UsageReport()
    /// The answer has come to its end.
    private(set) var hasEnded = false
    private(set) var reading = Reading.none
    private var isLeft = false
    private var changes = Changes()
    private var length: Int?
    private var json = JSONScanner<UsageReport>(AnswerPaths.all, stopsAtLineEnds: false)
    private var events = EventStreamScanner<UsageReport>(AnswerPaths.all)

    /// Bytes that came before the present run.
    private var passed = 0
    /// Where the present event begins, in bytes from the answer's beginning.
    private var eventStart = 0
    /// What has come of an event whose end has not.
    private var held: [UInt8] = []
    /// The present event has become too long to be held.
    private var eventPasses = false
    /// What goes on in a run's place. Kept, so that its memory is used again.
    private var output: [UInt8] = []

    /// Forgets the answer before.
    func reset() {
        report.reset()
        hasEnded = false
        reading = .none
        isLeft = false
        changes = Changes()
        passed = 0
        eventStart = 0
        eventPasses = false
        if !held.isEmpty { held = Self.emptied(held) }
        if !output.isEmpty { output = Self.emptied(output) }
    }

    /// Memory that an unusual answer took is given back.
    private static func emptied(_ bytes: consuming [UInt8]) -> [UInt8] {
        guard bytes.capacity <= keptCapacity else { return [] }
        bytes.removeAll(keepingCapacity: true)
        return bytes
    }

    /// - Precondition: nothing has been read since the `reset`.
    /// - Parameter length: of the whole body, in bytes; nil where that is not known.
    func begin(_ reading: Reading, _ changes: Changes = Changes(), length: Int? = nil) {
        self.reading = reading
        self.changes = changes
        self.length = length
        switch reading {
        case .none, .coded: break
        case .plain: json.restart()
        case .events: events.restart()
        }
    }

    /// The answer has given way to another one, which is not read: nothing more of it will come.
    func leave() { isLeft = true }

    /// Reads the next run of the body.
    func read(_ bytes: Span<UInt8>, isLast: Bool) -> BodyDecision {
        if isLeft { return .pass }
        return bytes.withUnsafeBufferPointer { read($0, isLast: isLast) }
    }

    /// Nothing more will come.
    func end() {
        switch reading {
        case .none, .coded: break
        case .plain: report.end(isBroken: json.state == .broken)
        case .events: report.end(isBroken: events.json.state == .broken)
        }
    }

    private func read(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) -> BodyDecision {
        defer {
            passed += bytes.count
            if isLast { hasEnded = true }
        }
        switch reading {
        case .none, .coded: return .pass
        case .plain:
            if passed == 0, bytes.count == length {
                readAtOnce(bytes)
            } else {
                readPlain(bytes)
            }
            return .pass
        case .events:
            var rewriting = Rewriting(bytes)
            if !held.isEmpty { takeHeld(&rewriting) }
            if let start = bytes.baseAddress {
                readEvents(start, start + bytes.count, &rewriting, isLast: isLast)
            }
            guard rewriting.isNeeded else { return .pass }
            append(rewriting.kept..<bytes.count - rewriting.heldCount, &rewriting)
            return .replace(output)
        }
    }

    /// Reads an answer that has come in one run: where it tells what it took, nobody has to estimate that by
    /// its text.
    private func readAtOnce(_ bytes: UnsafeBufferPointer<UInt8>) {
        report.measuresText = false
        readPlain(bytes)
        guard !report.isWhole else { return }
        report.reset()
        json.restart()
        readPlain(bytes)
    }

    private func readPlain(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        _ = json.scan(start, start + bytes.count, into: &report)
    }

    // MARK: - Events

    /// How a run becomes another one.
    private struct Rewriting {
        let bytes: UnsafeBufferPointer<UInt8>
        /// The run does not pass as it is.
        var isNeeded = false
        /// How much of the run is in the output, or has been left out of it.
        var kept = 0
        /// How much of the run's end is held.
        var heldCount = 0

        init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }
    }

    private func begin(_ rewriting: inout Rewriting) {
        guard !rewriting.isNeeded else { return }
        rewriting.isNeeded = true
        output.removeAll(keepingCapacity: true)
    }

    /// What was held of the present event goes first.
    private func takeHeld(_ rewriting: inout Rewriting) {
        begin(&rewriting)
        output += held
        held.removeAll(keepingCapacity: true)
    }

    private func append(_ range: Range<Int>, _ rewriting: inout Rewriting) {
        output += UnsafeBufferPointer(rebasing: rewriting.bytes[range])
        rewriting.kept = range.upperBound
    }

    private func readEvents(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ rewriting: inout Rewriting,
        isLast: Bool
    ) {
        var here = start
        while here < end {
            if events.isBetweenEvents { eventStart = passed + (here - start) }
            here = events.scan(here, end, into: &report)
            if changes.cost != nil { addCost(&rewriting) }
            guard events.isBetweenEvents else { continue }
            if changes.removesUsage, !eventPasses {
                removeUsage(fromEventUpTo: here - start, &rewriting)
            }
            eventPasses = false
        }
        guard changes.removesUsage, !events.isBetweenEvents, !eventPasses, !isLast else { return }
        hold(&rewriting)
    }

    /// Keeps the event back whose end has not come, unless it is too long.
    private func hold(_ rewriting: inout Rewriting) {
        let count = passed + rewriting.bytes.count - eventStart
        guard count <= Self.longestHeldEvent else {
            eventPasses = true
            return
        }
        let here = max(eventStart - passed, 0)
        let isFirst = eventStart < passed
        begin(&rewriting)
        if isFirst {
            // All that is in the output is what was held of it before.
            swap(&held, &output)
            output.removeAll(keepingCapacity: true)
        }
        held += UnsafeBufferPointer(rebasing: rewriting.bytes[here...])
        rewriting.heldCount = rewriting.bytes.count - here
    }

    /// Takes the usage out of an event that has come whole, or the event out of the stream.
    /// - Parameter end: its end, in the run.
    private func removeUsage(fromEventUpTo end: Int, _ rewriting: inout Rewriting) {
        guard let usage = report.document.usage, let usageEnd = usage.end,
            // Not one of an event before, where this one's data is no JSON.
            usage.start >= eventStart, events.dataLines == 1
        else { return }
        let count = passed + end - eventStart
        switch usage.kind {
        case .object where report.document.choices == 0:
            begin(&rewriting)
            append(rewriting.kept..<end, &rewriting)
            output.removeLast(count)
        case .null:
            begin(&rewriting)
            append(rewriting.kept..<end, &rewriting)
            let event = output.count - count
            removeMember(
                event + usage.start - eventStart..<event + usageEnd - eventStart, from: event)
        default: break
        }
    }

    /// Removes a member of an object from the output, with the comma that parts it from its neighbour.
    private func removeMember(_ member: Range<Int>, from event: Int) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var before = member.lowerBound
        while before > event, isSpace(output[before - 1]) { before -= 1 }
        if before > event, output[before - 1] == UInt8(ascii: ",") {
            output.removeSubrange(before - 1..<member.upperBound)
            return
        }
        var behind = member.upperBound
        while behind < output.count, isSpace(output[behind]) { behind += 1 }
        guard behind < output.count, output[behind] == UInt8(ascii: ",") else {
            output.removeSubrange(member)
            return
        }
        behind += 1
        while behind < output.count, isSpace(output[behind]) { behind += 1 }
        output.removeSubrange(member.lowerBound..<behind)
    }

    /// Writes the cost into a usage object whose end has come in this run.
    private func addCost(_ rewriting: inout Rewriting) {
        guard let place = report.takeCostPlace(), place >= passed,
            let usage = report.numbersSoFar.usage, let amount = changes.cost?(usage)
        else { return }
        begin(&rewriting)
        append(rewriting.kept..<place - passed, &rewriting)
        output += #","cost":"#.utf8
        amount.withText { output += $0 }
    }
}
