/// The part of a name or scalar that has come so far, without its escapes.
struct KeptBytes {
    /// More than any name or value that is looked for has.
    static let capacity = 256

    enum Progress {
        case goesOn
        /// The closing quote has come.
        case hasEnded
        case isBroken
    }

    private enum Escape {
        case none
        case begun
        /// Within the four digits of a `\u`.
        case digits(left: Int, value: UInt32)
    }

    private var bytes = InlineArray<256, UInt8>(repeating: 0)
    private var count = 0
    /// What was longer is no longer told apart from anything.
    private var isTooLong = false
    private var escape = Escape.none

    mutating func removeAll() {
        count = 0
        isTooLong = false
        escape = .none
    }

    mutating func append(_ byte: UInt8) {
        guard count < Self.capacity else {
            isTooLong = true
            return
        }
        bytes[count] = byte
        count += 1
    }

    mutating func append(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        var here = start
        while here < end, !isTooLong {
            append(here.pointee)
            here += 1
        }
    }

    /// Takes the next byte of a string, with its quotes and escapes.
    mutating func appendOfString(_ byte: UInt8) -> Progress {
        switch escape {
        case .none:
            switch byte {
            case UInt8(ascii: "\""): return .hasEnded
            case UInt8(ascii: "\\"): escape = .begun
            case ..<0x20: return .isBroken
            default: append(byte)
            }
        case .begun:
            escape = .none
            switch byte {
            case UInt8(ascii: "u"): escape = .digits(left: 4, value: 0)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): append(byte)
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"),
                UInt8(ascii: "f"):
                append(0x20)
            default: return .isBroken
            }
        case .digits(let left, let value):
            guard let digit = Self.digit(byte) else { return .isBroken }
            escape = left > 1 ? .digits(left: left - 1, value: value << 4 | digit) : .none
            if left == 1 { append(Unicode.Scalar(value << 4 | digit) ?? "\u{FFFD}") }
        }
        return .goesOn
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte) }
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        if byte &- 0x30 < 10 { return UInt32(byte & 15) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? UInt32(letter) + 10 : nil
    }

    /// The bytes, valid during the call; none when they were too many.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.span.withUnsafeBufferPointer { all in
            body(UnsafeBufferPointer(rebasing: all[..<(isTooLong ? 0 : count)]))
        }
    }
}
