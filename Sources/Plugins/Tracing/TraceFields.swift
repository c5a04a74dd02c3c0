import PluginAPI

/// What the head of a request says of a trace that it belongs to.
struct TraceFields {
    /// The one valid `traceparent`; nil where there is none, or more than one.
    private(set) var parent: TraceParent?
    private(set) var hasState = false
    /// Whether `tracestate` keeps its bounds, so that it may go on (W3C Trace Context §3.3).
    var stateIsPassable: Bool {
        stateMembers <= Self.memberBound && stateLength <= Self.lengthBound
    }

    private static let memberBound = 32
    /// So much must be passed on; what is longer need not be.
    private static let lengthBound = 512

    private var parents = 0
    private var stateMembers = 0
    /// As if all of them were one field, with commas between.
    private var stateLength = -1

    init(_ headers: Headers) {
        headers.forEachBytes { name, value in
            switch name.count {
            case 10 where Self.matches(name, "tracestate"): takeState(value)
            case 11 where Self.matches(name, "traceparent"): takeParent(value)
            default: break
            }
        }
    }

    private static func matches(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(
            name, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func takeParent(_ value: UnsafeBufferPointer<UInt8>) {
        parents += 1
        parent = parents == 1 ? TraceParent(value) : nil
    }

    private mutating func takeState(_ value: UnsafeBufferPointer<UInt8>) {
        hasState = true
        stateLength += value.count + 1
        // Members may be empty, and do not count then.
        var isInMember = false
        for byte in value {
            if byte == UInt8(ascii: ",") {
                isInMember = false
            } else if !isInMember, byte != 0x20, byte != 0x09 {
                isInMember = true
                stateMembers += 1
            }
        }
    }
}
