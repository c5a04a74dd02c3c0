/// Where the texts of one line stand that are written with escapes.
final class UnescapedText {
    // Invariant: used <= capacity. The memory does not move while a line's texts are in use: no text
    // is longer than it is with its escapes, so that all of a line's together fit.
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity = 4096
    private var used = 0

    init() { base = .allocate(capacity: capacity) }

    deinit { base.deallocate() }

    /// Forgets the last line's.
    /// - Parameter longest: bytes of all texts together, with their escapes.
    func begin(longest: Int) {
        used = 0
        guard longest > capacity else { return }
        base.deallocate()
        capacity = max(longest, capacity * 2)
        base = .allocate(capacity: capacity)
    }

    /// - Parameter text: checked by `JSONCursor`.
    func append(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        precondition(text.count <= capacity - used, "more text than was announced")
        let count = Self.unescape(text, to: base + used)
        defer { used += count }
        return UnsafeBufferPointer(start: base + used, count: count)
    }

    static func string(_ text: JSONCursor.Text) -> String {
        guard text.hasEscapes else { return String(decoding: text.bytes, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: text.bytes.count) { bytes in
            bytes.baseAddress.map { unescape(text.bytes, to: $0) } ?? 0
        }
    }

    /// - Returns: how many bytes it is without escapes: no more than with them.
    private static func unescape(
        _ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>
    ) -> Int {
        guard var source = text.baseAddress else { return 0 }
        let end = source + text.count
        var count = 0
        func put(_ byte: UInt8) {
            target[count] = byte
            count += 1
        }
        func unit() -> UInt32 {
            defer { source += 4 }
            return UInt32(JSONCursor.hexadecimal(source) ?? 0xFFFD)
        }
        while source < end {
            let byte = source.pointee
            source += 1
            guard byte == UInt8(ascii: "\\") else {
                put(byte)
                continue
            }
            let escaped = source.pointee
            source += 1
            switch escaped {
            case UInt8(ascii: "b"): put(0x08)
            case UInt8(ascii: "f"): put(0x0C)
            case UInt8(ascii: "n"): put(0x0A)
            case UInt8(ascii: "r"): put(0x0D)
            case UInt8(ascii: "t"): put(0x09)
            case UInt8(ascii: "u"):
                var code = unit()
                if code & 0xFC00 == 0xD800 {
                    source += 2
                    code = 0x10000 + (code & 0x3FF) << 10 + unit() & 0x3FF
                }
                for byte in String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8 { put(byte) }
            default: put(escaped)
            }
        }
        return count
    }
}
