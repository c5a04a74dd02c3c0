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
        var here = start
        while end - here >= 8 {
            let found = ByteWord.stringBreak(ByteWord.load(here))
            if found != 0 { return here + ByteWord.first(found) }
            here += 8
        }
        while here < end {
            let byte = here.pointee
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 {
                return here
            }
            here += 1
        }
        return here
    }

    /// The first byte that matters to one who only counts brackets; `end` when there is none.
    @inline(__always)
    static func bracketBreak(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>)
        -> UnsafePointer<UInt8>
    {
        var here = start
        while end - here >= 8 {
            let found = ByteWord.bracketBreak(ByteWord.load(here))
            if found != 0 { return here + ByteWord.first(found) }
            here += 8
        }
        while here < end {
            let (byte, folded) = (here.pointee, here.pointee | 0x20)
            if folded == UInt8(ascii: "{") || folded == UInt8(ascii: "}")
                || byte == UInt8(ascii: "\"") || byte < 0x20
            {
                return here
            }
            here += 1
        }
        return here
    }
}
