/// Walks through a stream of server-sent events that comes in pieces, each of whose events carries a JSON
/// text in its data (HTML Living Standard, 9.2 "Server-sent events").
struct EventStreamScanner<Sink: JSONSink> {
    typealias Pointer = UnsafePointer<UInt8>

    private enum State {
        /// At the beginning of a line, or so far into the name of its field.
        case fieldName(matched: Int)
        /// Behind `data:`, where one space does not count.
        case dataStart
        case data
        case ignoredLine
        /// Behind a CR that may be the first half of a line's end.
        case carriageReturn
    }

    private static var name: StaticString { "data:" }

    /// Of the last event's text.
    private(set) var json: JSONScanner<Sink>
    private var state = State.fieldName(matched: 0)
    /// The line is the event's end unless something else comes.
    private var lineIsEmpty = true
    /// How many lines of data the event has so far.
    private(set) var dataLines = 0
    /// Whether the last `scan` has come behind an event's end.
    private(set) var isBetweenEvents = true

    init(_ paths: JSONPaths<Sink.Field>) {
        json = JSONScanner(paths, stopsAtLineEnds: true)
    }

    /// The next stream begins.
    mutating func restart() {
        json.restart()
        state = .fieldName(matched: 0)
        lineIsEmpty = true
        dataLines = 0
        isBetweenEvents = true
    }

    /// Goes on to the end of an event, or of the piece.
    /// - Returns: where it has stopped.
    mutating func scan(_ start: Pointer, _ end: Pointer, into sink: inout Sink) -> Pointer {
        var here = start
        if isBetweenEvents, here < end {
            isBetweenEvents = false
            dataLines = 0
            json.beginText()
        }
        while here < end {
            switch state {
            case .fieldName(let matched):
                here = readName(here, end, matched: matched)
            case .dataStart:
                if here.pointee == 0x20 { here = pass(here) }
                state = .data
                dataLines += 1
                if dataLines > 1 { json.newLine() }
            case .data:
                here = json.scan(here, end, into: &sink)
                if here < end { here = endLine(here) }
            case .ignoredLine:
                let first = here
                while here < end, here.pointee != 0x0A, here.pointee != 0x0D { here += 1 }
                json.passOver(here - first)
                if here < end { here = endLine(here) }
            case .carriageReturn:
                if here.pointee == 0x0A { here = pass(here) }
                beginLine()
            }
            if isBetweenEvents { return here }
        }
        return here
    }

    private mutating func readName(_ start: Pointer, _ end: Pointer, matched: Int) -> Pointer {
        var here = start
        var matched = matched
        while here < end, matched < 5, here.pointee == Self.name.utf8Start[matched] {
            here += 1
            matched += 1
        }
        json.passOver(here - start)
        if matched > 0 { lineIsEmpty = false }
        if matched == 5 {
            state = .dataStart
        } else if here == end {
            state = .fieldName(matched: matched)
        } else if here.pointee == 0x0A || here.pointee == 0x0D {
            return endLine(here)
        } else {
            lineIsEmpty = false
            state = .ignoredLine
        }
        return here
    }

    /// - Parameter here: at a CR or LF.
    private mutating func endLine(_ here: Pointer) -> Pointer {
        if here.pointee == 0x0D {
            state = .carriageReturn
        } else {
            beginLine()
        }
        return pass(here)
    }

    private mutating func beginLine() {
        isBetweenEvents = lineIsEmpty
        lineIsEmpty = true
        state = .fieldName(matched: 0)
    }

    private mutating func pass(_ here: Pointer) -> Pointer {
        json.passOver(1)
        return here + 1
    }
}
