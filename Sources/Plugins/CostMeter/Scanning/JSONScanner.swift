import PluginAPI

/// Walks through a JSON text that comes in pieces, once, and tells a sink what stands at the places of
/// interest (RFC 8259).
///
/// It keeps where it is, and no more of the text than one name or scalar that a piece has cut in two. What
/// is of no interest it only walks over: how deep that is nested, or how long its strings are, costs
/// nothing. It does not judge what it walks over; a text that is broken where it looks ends there.
struct JSONScanner<Sink: JSONSink> {
    typealias Pointer = UnsafePointer<UInt8>
    private typealias Paths = JSONPaths<Sink.Field>

    enum State: UInt8 {
        case value
        case firstElement
        case firstName, name
        case colon
        case behindValue
        /// Within a name or a string that is kept; so far it stands in `kept`.
        case keptName, keptString
        case keptScalar
        case countedString
        case ignoredString, ignoredScalar
        /// Within an object or list of no interest, outside and inside of its strings.
        case ignoredContainer, ignoredContainersString
        case ended
        /// The text is no JSON where it matters.
        case broken
    }

    private let paths: Paths
    /// A stream of lines, each of which ends what is scanned at a time; else line ends are white space.
    let stopsAtLineEnds: Bool
    // Read as it stands, because for a computed property Swift would copy the scanner.
    var state = State.value
    /// The place of the object or list that it is in.
    private var container = Paths.nowhere
    /// The place of the value that is next or that it is in.
    private var valueNode = Paths.root
    private var valueKind = JSONKind.null
    /// How deep it is in a container of no interest.
    var depth = 0
    /// The last byte was a backslash.
    var isEscaped = false
    /// Bytes scanned before the present piece.
    private var scanned = 0
    private var memberStart = 0
    private var kept = KeptBytes()

    /// - Parameter stopsAtLineEnds: whether `scan` returns at a CR or LF.
    init(_ paths: JSONPaths<Sink.Field>, stopsAtLineEnds: Bool) {
        self.paths = paths
        self.stopsAtLineEnds = stopsAtLineEnds
    }

    /// The next text begins, which is counted from zero.
    mutating func restart() {
        beginText()
        scanned = 0
    }

    /// The next text begins. Places go on to be counted from the beginning of the one before.
    mutating func beginText() {
        state = .value
        container = Paths.nowhere
        valueNode = Paths.root
        isEscaped = false
    }

    /// Counts bytes that stand between what is scanned.
    mutating func passOver(_ count: Int) { scanned += count }

    /// A line of the text has ended and another one goes on with it.
    mutating func newLine() {
        switch state {
        case .keptName, .keptString, .countedString, .ignoredString, .ignoredContainersString:
            state = .broken
        case .keptScalar, .ignoredScalar:
            // The line end that is not scanned would have ended it.
            state = .broken
        default: break
        }
    }

    /// Goes on with the next piece.
    /// - Returns: where it has stopped: at the end, or at a line end.
    mutating func scan(_ start: Pointer, _ end: Pointer, into sink: inout Sink) -> Pointer {
        var here = start
        let base = scanned
        defer { scanned = base + (here - start) }
        @inline(__always) func place(_ pointer: Pointer) -> Int { base + (pointer - start) }

        while here < end {
            let byte = here.pointee
            switch state {
            case .value, .firstElement:
                if JSONBytes.isSpace(byte) {
                    if stopsAtLineEnds, JSONBytes.isLineEnd(byte) { return here }
                    here += 1
                } else if byte == UInt8(ascii: "]"), state == .firstElement {
                    here += 1
                    endContainer(at: place(here), &sink)
                } else {
                    here = beginValue(here, end, at: place(here), &sink)
                }

            case .firstName, .name:
                if byte == UInt8(ascii: "\"") {
                    repeat {
                        memberStart = place(here)
                        here = readName(here + 1, end)
                    } while state == .value && valueNode == Paths.nowhere
                        && Self.passMember(&here, end)
                } else if JSONBytes.isSpace(byte) {
                    if stopsAtLineEnds, JSONBytes.isLineEnd(byte) { return here }
                    here += 1
                } else if byte == UInt8(ascii: "}"), state == .firstName {
                    here += 1
                    endContainer(at: place(here), &sink)
                } else {
                    state = .broken
                }

            case .colon:
                if byte == UInt8(ascii: ":") {
                    here += 1
                    state = .value
                } else if JSONBytes.isSpace(byte) {
                    if stopsAtLineEnds, JSONBytes.isLineEnd(byte) { return here }
                    here += 1
                } else {
                    state = .broken
                }

            case .behindValue:
                if byte == UInt8(ascii: ",") {
                    here += 1
                    let node = paths.nodes + Int(container)
                    if node.pointee.element != Paths.nowhere {
                        valueNode = node.pointee.element
                        state = .value
                    } else {
                        state = .name
                    }
                } else if JSONBytes.isSpace(byte) {
                    if stopsAtLineEnds, JSONBytes.isLineEnd(byte) { return here }
                    here += 1
                } else {
                    let isList = paths.nodes[Int(container)].element != Paths.nowhere
                    guard byte == (isList ? UInt8(ascii: "]") : UInt8(ascii: "}")) else {
                        state = .broken
                        continue
                    }
                    here += 1
                    endContainer(at: place(here), &sink)
                }

            case .ignoredString:
                here = passString(here, end)
                if here < end, stopsAtLineEnd(here) { return here }
                if state == .behindValue { endValue(at: place(here), &sink) }

            case .countedString:
                here = countString(here, end, &sink)
                if here < end, stopsAtLineEnd(here) { return here }
                if state == .behindValue { endValue(at: place(here), &sink) }

            case .keptString, .keptName:
                if stopsAtLineEnds, JSONBytes.isLineEnd(byte) { return here }
                here += 1
                switch kept.appendOfString(byte) {
                case .goesOn: break
                case .isBroken: state = .broken
                case .hasEnded where state == .keptName:
                    valueNode = memberKept()
                    state = .colon
                case .hasEnded:
                    tellKept(&sink)
                    endValue(at: place(here), &sink)
                }

            case .keptScalar:
                if JSONBytes.isScalar(byte) {
                    kept.append(byte)
                    here += 1
                } else {
                    tellKept(&sink)
                    endValue(at: place(here), &sink)
                }

            case .ignoredScalar:
                while here < end, JSONBytes.isScalar(here.pointee) { here += 1 }
                if here < end { endValue(at: place(here), &sink) }

            case .ignoredContainer, .ignoredContainersString:
                here = passContainer(here, end)
                if here < end, stopsAtLineEnd(here) { return here }
                if state == .behindValue { endValue(at: place(here), &sink) }

            case .ended, .broken:
                guard stopsAtLineEnds else {
                    here = end
                    return here
                }
                while here < end, !JSONBytes.isLineEnd(here.pointee) { here += 1 }
                return here
            }
        }
        return here
    }

    // All that is called for each value is mutating, or static: else Swift copies the scanner for the call.

    /// Whether a part has stopped at a line end, as it does only where the text must be left.
    @inline(__always)
    private mutating func stopsAtLineEnd(_ here: Pointer) -> Bool {
        stopsAtLineEnds && state != .behindValue && state != .broken
            && JSONBytes.isLineEnd(here.pointee)
    }

    // MARK: - Values

    /// - Parameter here: at the value's first byte.
    /// - Returns: behind what of it has been read.
    @inline(__always)
    private mutating func beginValue(
        _ here: Pointer, _ end: Pointer, at place: Int, _ sink: inout Sink
    ) -> Pointer {
        let node = paths.nodes + Int(valueNode)
        switch here.pointee {
        case UInt8(ascii: "\""):
            valueKind = .string
            switch node.pointee.scalars {
            case .ignored:
                if let field = node.pointee.field {
                    sink.begin(field, .string, member: memberStart, at: place)
                }
                state = .ignoredString
                return here + 1
            case .counted:
                if let field = node.pointee.field {
                    sink.begin(field, .string, member: memberStart, at: place)
                }
                state = .countedString
                return here + 1
            case .kept:
                return beginKeptString(here + 1, end, at: place, &sink)
            }

        case UInt8(ascii: "{"):
            if let field = node.pointee.field {
                sink.begin(field, .object, member: memberStart, at: place)
            }
            if node.pointee.hasMembers {
                container = valueNode
                state = .firstName
            } else {
                depth = 1
                state = .ignoredContainer
            }

        case UInt8(ascii: "["):
            if let field = node.pointee.field {
                sink.begin(field, .list, member: memberStart, at: place)
            }
            if node.pointee.element != Paths.nowhere {
                container = valueNode
                valueNode = node.pointee.element
                state = .firstElement
            } else {
                depth = 1
                state = .ignoredContainer
            }

        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return beginScalar(.number, here, end, at: place, &sink)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return beginScalar(.bool, here, end, at: place, &sink)
        case UInt8(ascii: "n"): return beginScalar(.null, here, end, at: place, &sink)
        default:
            state = .broken
            return here
        }
        return here + 1
    }

    @inline(__always)
    private mutating func beginScalar(
        _ kind: JSONKind, _ here: Pointer, _ end: Pointer, at place: Int, _ sink: inout Sink
    ) -> Pointer {
        valueKind = kind
        let node = paths.nodes + Int(valueNode)
        if let field = node.pointee.field {
            sink.begin(field, kind, member: memberStart, at: place)
        }
        var stop = here
        while stop < end, JSONBytes.isScalar(stop.pointee) { stop += 1 }
        let isKept = node.pointee.scalars == .kept
        if stop < end {
            if isKept { tell(UnsafeBufferPointer(start: here, count: stop - here), &sink) }
            endValue(at: place + (stop - here), &sink)
        } else if isKept {
            kept.removeAll()
            kept.append(here, stop)
            state = .keptScalar
        } else {
            state = .ignoredScalar
        }
        return stop
    }

    private mutating func beginKeptString(
        _ here: Pointer, _ end: Pointer, at place: Int, _ sink: inout Sink
    ) -> Pointer {
        if let field = paths.nodes[Int(valueNode)].field {
            sink.begin(field, .string, member: memberStart, at: place)
        }
        let stop = JSONBytes.stringBreak(here, end)
        if stop < end, stop.pointee == UInt8(ascii: "\""), stop - here <= KeptBytes.capacity {
            tell(UnsafeBufferPointer(start: here, count: stop - here), &sink)
            endValue(at: place + (stop - here) + 2, &sink)
            return stop + 1
        }
        kept.removeAll()
        kept.append(here, stop)
        state = .keptString
        return stop
    }

    @inline(__always)
    private mutating func tell(_ bytes: UnsafeBufferPointer<UInt8>, _ sink: inout Sink) {
        if let field = paths.nodes[Int(valueNode)].field { sink.value(field, bytes, valueKind) }
    }

    private func tellKept(_ sink: inout Sink) {
        guard let field = paths.nodes[Int(valueNode)].field else { return }
        kept.withBytes { sink.value(field, $0, valueKind) }
    }

    /// The value at `valueNode` has ended.
    @inline(__always)
    private mutating func endValue(at place: Int, _ sink: inout Sink) {
        if let field = paths.nodes[Int(valueNode)].field { sink.end(field, at: place) }
        state = container == Paths.nowhere ? .ended : .behindValue
    }

    @inline(__always)
    private mutating func endContainer(at place: Int, _ sink: inout Sink) {
        valueNode = container
        container = paths.nodes[Int(container)].parent
        endValue(at: place, &sink)
    }

    // MARK: - Names

    /// - Parameter here: behind the name's first quote.
    @inline(__always)
    private mutating func readName(_ here: Pointer, _ end: Pointer) -> Pointer {
        // Most names are short, and one look tells both their end and what they are.
        if here < end {
            let left = end - here
            let bytes =
                left >= ByteVector.scalarCount
                ? ByteVector(loading: here) : ByteVector(loading: here, count: left)
            let lane = bytes.stringBreaks.firstLane
            let stop =
                lane.map { here + $0 } ?? JSONBytes.stringBreak(here + ByteVector.scalarCount, end)
            if stop < end, stop.pointee == UInt8(ascii: "\"") {
                let count = stop - here
                let start =
                    count < 8
                    ? bytes.firstWord & ((1 &<< UInt64(8 &* count)) &- 1) : bytes.firstWord
                valueNode = paths.member(of: container, start: start, name: here, count: count)
                return readColon(stop + 1, end)
            }
        }
        kept.removeAll()
        state = .keptName
        return here
    }

    @inline(__always)
    private mutating func readColon(_ here: Pointer, _ end: Pointer) -> Pointer {
        if here < end, here.pointee == UInt8(ascii: ":") {
            state = .value
            return here + 1
        }
        state = .colon
        return here
    }

    /// The place of the member whose name has come in pieces.
    private func memberKept() -> UInt8 {
        kept.withBytes { bytes in
            guard let name = bytes.baseAddress else { return Paths.nowhere }
            var start: UInt64 = 0
            for place in 0..<min(bytes.count, 8) {
                start |= UInt64(name[place]) << UInt64(8 * place)
            }
            return paths.member(of: container, start: start, name: name, count: bytes.count)
        }
    }
}
