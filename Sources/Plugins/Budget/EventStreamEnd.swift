import PluginAPI

/// Where a stream of server-sent events can be ended: after the empty line that ends an event
/// (HTML Living Standard §9.2.6).
struct EventStreamEnd {
    /// Whether what has passed ends with an event.
    private(set) var isBetweenEvents = true
    /// Whether the present line has nothing in it so far.
    private var lineIsEmpty = true

    /// Looks at what passes.
    mutating func follow(_ bytes: Span<UInt8>) {
        for index in bytes.indices { step(bytes[index]) }
    }

    /// How many of these bytes belong to the event that has begun; nil when it does not end in them. Does not
    /// change what has passed.
    func restOfEvent(in bytes: Span<UInt8>) -> Int? {
        var copy = self
        for index in bytes.indices {
            if copy.isBetweenEvents { return index }
            copy.step(bytes[index])
        }
        return copy.isBetweenEvents ? bytes.count : nil
    }

    private mutating func step(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"):
            isBetweenEvents = lineIsEmpty
            lineIsEmpty = true
        case UInt8(ascii: "\r"):
            // Of a line's end in two bytes. Nobody ends lines with it alone.
            break
        default:
            isBetweenEvents = false
            lineIsEmpty = false
        }
    }
}
