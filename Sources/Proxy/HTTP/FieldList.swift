/// The elements of a field's value that is a list: `a, b` (RFC 9110 §5.6.1), without the white space
/// around them. Empty elements are given too; quoted strings are not understood.
struct FieldList: Sequence, IteratorProtocol {
    private var rest: UnsafeBufferPointer<UInt8>
    private var isAtEnd = false

    init(_ value: UnsafeBufferPointer<UInt8>) { rest = value }

    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        guard !isAtEnd else { return nil }
        let element: UnsafeBufferPointer<UInt8>
        if let comma = rest.firstIndex(of: UInt8(ascii: ",")) {
            element = rest.slice(0..<comma)
            rest = rest.slice(comma + 1..<rest.count)
        } else {
            element = rest
            isAtEnd = true
        }
        return Self.trimmed(element)
    }

    static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        }
        var start = 0
        var end = bytes.count
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return bytes.slice(start..<end)
    }
}
