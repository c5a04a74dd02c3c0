import PluginAPI

/// A place in a trace, as the field `traceparent` names it (W3C Trace Context §3.2).
struct TraceParent: Equatable, Sendable {
    /// The trace's identifier: its first and its last 64 bits, not both 0.
    let trace: (high: UInt64, low: UInt64)
    /// Not 0.
    var span: UInt64
    let isSampled: Bool

    static func == (left: Self, right: Self) -> Bool {
        left.trace == right.trace && left.span == right.span && left.isSampled == right.isSampled
    }
}

extension TraceParent {
    /// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`
    static let length = 55

    private static let flagsPlace = 53
    private static let dashes = [2, 35, 52]

    /// Nil for what is not valid. Of a version that is not known, what version 00 has too is read, as the
    /// recommendation asks.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count >= Self.length, let version = Self.hexadecimal(text[0..<2]),
            version != 0xFF,
            text.count == Self.length || version != 0 && text[Self.length] == UInt8(ascii: "-"),
            Self.dashes.allSatisfy({ text[$0] == UInt8(ascii: "-") }),
            let high = Self.hexadecimal(text[3..<19]), let low = Self.hexadecimal(text[19..<35]),
            let span = Self.hexadecimal(text[36..<52]),
            let flags = Self.hexadecimal(text[Self.flagsPlace..<Self.length]),
            high | low != 0, span != 0
        else { return nil }
        self.init(trace: (high, low), span: span, isSampled: flags & 1 == 1)
    }

    /// Lower case only (§3.2.2).
    private static func hexadecimal(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            let decimal = digit &- 0x30
            let letter = digit &- 0x61
            guard decimal < 10 || letter < 6 else { return nil }
            value = value << 4 | UInt64(decimal < 10 ? decimal : letter + 10)
        }
        return value
    }

    /// Makes it the one that a request carries. Of the flags only the sampled one is set: the others have no
    /// meaning in version 00.
    func set(in headers: Headers) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.length) { text in
            text[0] = UInt8(ascii: "0")
            text[1] = UInt8(ascii: "0")
            for dash in Self.dashes { text[dash] = UInt8(ascii: "-") }
            Self.write(trace.high, to: text, at: 3)
            Self.write(trace.low, to: text, at: 19)
            Self.write(span, to: text, at: 36)
            text[Self.flagsPlace] = UInt8(ascii: "0")
            text[Self.flagsPlace + 1] = UInt8(ascii: isSampled ? "1" : "0")
            headers.set("traceparent", toBytes: UnsafeBufferPointer(text))
        }
    }

    private static func write(
        _ word: UInt64, to text: UnsafeMutableBufferPointer<UInt8>, at place: Int
    ) {
        for nibble in 0..<16 { text[place + nibble] = word.hexadecimalDigit(nibble) }
    }
}

extension UInt64 {
    /// One of the 16 digits, from the left.
    func hexadecimalDigit(_ place: Int) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: self >> UInt64(60 - 4 * place)) & 15
        return value < 10 ? 0x30 + value : 0x57 + value
    }
}
