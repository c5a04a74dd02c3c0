/// What is walked over: strings and containers of which nothing is kept.
extension JSONScanner {
    /// Walks over the value of a member of no interest, if it is a string or scalar and followed by another
    /// member without a space, all within the piece: as most are, and so most cost no change of state.
    /// - Returns: whether `here` is at the next member's name.
    @inline(__always)
    static func passMember(_ here: inout Pointer, _ end: Pointer) -> Bool {
        guard here < end else { return false }
        var stop = here
        if stop.pointee == UInt8(ascii: "\"") {
            stop = JSONBytes.stringBreak(stop + 1, end)
            guard stop < end, stop.pointee == UInt8(ascii: "\"") else { return false }
            stop += 1
        } else {
            guard JSONBytes.beginsScalar(stop.pointee) else { return false }
            while stop < end, JSONBytes.isScalar(stop.pointee) { stop += 1 }
        }
        guard end - stop >= 2, stop[0] == UInt8(ascii: ","), stop[1] == UInt8(ascii: "\"") else {
            return false
        }
        here = stop + 1
        return true
    }

    /// Within a string of no interest. At its end the state is `behindValue`.
    @inline(__always)
    mutating func passString(_ start: Pointer, _ end: Pointer) -> Pointer {
        var here = start
        while true {
            if isEscaped {
                if JSONBytes.isLineEnd(here.pointee) { return stopInString(here) }
                isEscaped = false
                here += 1
            }
            here = JSONBytes.stringBreak(here, end)
            guard here < end else { return here }
            switch here.pointee {
            case UInt8(ascii: "\""):
                state = .behindValue
                return here + 1
            case UInt8(ascii: "\\"):
                isEscaped = true
                here += 1
                if here == end { return here }
            default:
                return stopInString(here)
            }
        }
    }

    /// Within a string that is counted. At its end the state is `behindValue`.
    @inline(__always)
    mutating func countString(_ start: Pointer, _ end: Pointer, _ sink: inout Sink)
        -> Pointer
    {
        var here = start
        while true {
            if isEscaped {
                if JSONBytes.isLineEnd(here.pointee) { return stopInString(here) }
                isEscaped = false
                sink.textEscape(isUnicode: here.pointee == UInt8(ascii: "u"))
                here += 1
            }
            let stop = JSONBytes.stringBreak(here, end)
            if stop > here { sink.text(UnsafeBufferPointer(start: here, count: stop - here)) }
            here = stop
            guard here < end else { return here }
            switch here.pointee {
            case UInt8(ascii: "\""):
                state = .behindValue
                return here + 1
            case UInt8(ascii: "\\"):
                isEscaped = true
                here += 1
                if here == end { return here }
            default:
                return stopInString(here)
            }
        }
    }

    /// At a byte that must not stand in a string. In a stream a line end is left to whoever looks for it.
    private mutating func stopInString(_ here: Pointer) -> Pointer {
        if !(stopsAtLineEnds && JSONBytes.isLineEnd(here.pointee)) { state = .broken }
        return here
    }

    /// Within an object or list of no interest. At its end the state is `behindValue`.
    mutating func passContainer(_ start: Pointer, _ end: Pointer) -> Pointer {
        var here = start
        while here < end {
            if state == .ignoredContainersString {
                here = passString(here, end)
                guard state == .behindValue else { return here }
                state = .ignoredContainer
                continue
            }
            here = JSONBytes.bracketBreak(here, end)
            guard here < end else { return here }
            switch here.pointee {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    state = .behindValue
                    return here + 1
                }
            case UInt8(ascii: "\""): state = .ignoredContainersString
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if stopsAtLineEnds { return here }
            default: break
            }
            here += 1
        }
        return here
    }
}
