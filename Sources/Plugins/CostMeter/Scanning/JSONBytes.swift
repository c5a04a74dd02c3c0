import PluginAPI

/// The bytes that JSON text is made of (RFC 8259).
enum JSONBytes {
    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    @inline(__always)
    static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Whether a byte may stand in a number or a literal.
    @inline(__always)
    static func isScalar(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }

    /// Whether a number or a literal may begin with a byte.
    @inline(__always)
    static func beginsScalar(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "t")
            || byte == UInt8(ascii: "f") || byte == UInt8(ascii: "n")
    }

    /// The first byte at which the inside of a string ends or changes; `end` when there is none.
    @inline(__always)
    static func stringBreak(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>)
        -> UnsafePointer<UInt8>
    {
        first(start, end) { $0.stringBreaks }
    }

    /// The first byte that matters to one who only counts brackets; `end` when there is none.
    @inline(__always)
    static func bracketBreak(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>)
        -> UnsafePointer<UInt8>
    {
        first(start, end) { $0.bracketBreaks }
    }

    /// - Parameter wanted: the lanes that are looked for, with those that are zero among them.
    @inline(__always)
    private static func first(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        _ wanted: (ByteVector) -> ByteVector
    ) -> UnsafePointer<UInt8> {
        var here = start
        while end - here >= ByteVector.scalarCount {
            if let lane = wanted(ByteVector(loading: here)).firstLane { return here + lane }
            here += ByteVector.scalarCount
        }
        guard here < end else { return end }
        // Behind the end there are zeros.
        let rest = ByteVector(loading: here, count: end - here)
        return here + (wanted(rest).firstLane ?? end - here)
    }
}

extension ByteVector {
    /// The lanes that matter to one who only counts brackets: those, quotes, and what must not stand in a
    /// string.
    @inline(__always)
    fileprivate var bracketBreaks: Self {
        // The square brackets differ from the curly ones in this bit, and nothing else becomes them by it.
        let folded = self | 0x20
        return folded.isEqual(to: UInt8(ascii: "{")) | folded.isEqual(to: UInt8(ascii: "}"))
            | isEqual(to: UInt8(ascii: "\"")) | isWithin(0, 0x1F)
    }
}
