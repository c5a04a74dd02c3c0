import Glibc

/// JSON text in bytes, written front to back into memory that is used again and again.
///
/// One thread uses it at a time.
package final class JSONBuffer {
    // Invariant: 0 <= count <= capacity, the bytes that `base` points to.
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int) {
        self.capacity = max(capacity, 1)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// Valid until the next change.
    package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// Forgets the bytes and keeps the memory, unless it has become larger than `limit`.
    package func removeAll(keepingAtMost limit: Int) {
        count = 0
        guard capacity > limit else { return }
        base.deallocate()
        capacity = limit
        base = .allocate(capacity: capacity)
    }

    @inline(__always)
    package func append(_ other: UnsafeBufferPointer<UInt8>) {
        guard let source = other.baseAddress else { return }
        reserve(other.count)
        memcpy(base + count, source, other.count)
        count += other.count
    }

    @inline(__always)
    package func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package func appendVerbatim(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ append($0) }) == nil {
            Array(text.utf8).withUnsafeBufferPointer { append($0) }
        }
    }

    @inline(__always)
    package func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    @inline(__always)
    private func reserve(_ additional: Int) {
        if capacity - count < additional { grow(additional) }
    }

    @inline(never)
    private func grow(_ additional: Int) {
        capacity = max(capacity * 2, count + additional)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        memcpy(moved, base, count)
        base.deallocate()
        base = moved
    }
}

// MARK: Values

extension JSONBuffer {
    package func appendNumber(_ number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        appendDigits(number.magnitude)
    }

    /// Milliseconds with three decimals, rounded down: `12.345`.
    package func appendMilliseconds(_ duration: Duration) {
        let microseconds = UInt(max(0, duration.nanoseconds) / 1000)
        appendDigits(microseconds / 1000)
        reserve(4)
        base[count] = UInt8(ascii: ".")
        DecimalDigits.write(microseconds % 1000, count: 3, to: base + count + 1)
        count += 4
    }

    /// A string in quotes. Bytes that are not UTF-8 become U+FFFD.
    package func appendString(_ text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        appendEscaped(text)
        append(UInt8(ascii: "\""))
    }

    package func appendString(_ text: Bytes) { text.withBytes { appendString($0) } }

    package func appendString(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ appendString($0) }) == nil {
            Array(text.utf8).withUnsafeBufferPointer { appendString($0) }
        }
    }

    package func appendString(_ address: IPAddress) {
        appendQuoted(atMost: IPAddress.longestText) { address.write(to: $0) }
    }

    package func appendString(_ time: WallTime) {
        appendQuoted(atMost: WallTime.textLength) { text in
            time.write(to: text)
            return WallTime.textLength
        }
    }

    package func appendString(_ amount: Money) {
        appendQuoted(atMost: Money.longestText) { amount.write(to: $0) }
    }

    /// A string of which nothing has to be escaped.
    /// - Parameter write: writes at most so many bytes, and returns how many.
    @inline(__always)
    private func appendQuoted(atMost bound: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        reserve(bound + 2)
        base[count] = UInt8(ascii: "\"")
        count += 1 + write(base + count + 1)
        base[count] = UInt8(ascii: "\"")
        count += 1
    }

    package func appendOptional<Value>(_ value: Value?, _ append: (Value) -> Void) {
        if let value { append(value) } else { self.append("null") }
    }

    /// What stands between the quotes. Bytes that are not UTF-8 become U+FFFD.
    package func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var place = 0
        while place < text.count, let start = text.baseAddress {
            let left = min(text.count - place, ByteVector.scalarCount)
            let bytes =
                left == ByteVector.scalarCount
                ? ByteVector(loading: start + place)
                : ByteVector(loading: start + place, count: left)
            // All of them are written, and those count that stand as they are; zeros do not.
            let plain = (bytes.stringBreaks | bytes.isHigh).firstLane ?? ByteVector.scalarCount
            reserve(ByteVector.scalarCount)
            UnsafeMutableRawPointer(base + count).storeBytes(of: bytes, as: ByteVector.self)
            count += plain
            place += plain
            if plain < left { place += appendCharacter(of: text, at: place) }
        }
    }

    /// - Returns: how many bytes of the text that were.
    private func appendCharacter(of text: UnsafeBufferPointer<UInt8>, at place: Int) -> Int {
        guard text[place] >= 0x80 else {
            appendEscape(text[place])
            return 1
        }
        let length = Self.characterLength(in: text, at: place)
        if length < 0 {
            append("\u{FFFD}")
        } else {
            append(UnsafeBufferPointer(rebasing: text[place..<place + length]))
        }
        return abs(length)
    }

    /// How many bytes the character at a place has (RFC 3629 §4); negative for so many that are none and
    /// are replaced as one (the maximal subpart of The Unicode Standard, 3.9).
    private static func characterLength(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Int {
        var next: ClosedRange<UInt8> = 0x80...0xBF
        let length: Int
        switch text[place] {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return -1
        }
        switch text[place] {
        case 0xE0: next = 0xA0...0xBF
        case 0xED: next = 0x80...0x9F
        case 0xF0: next = 0x90...0xBF
        case 0xF4: next = 0x80...0x8F
        default: break
        }
        for offset in 1..<length {
            guard place + offset < text.count, next.contains(text[place + offset]) else {
                return -offset
            }
            next = 0x80...0xBF
        }
        return length
    }

    private func appendEscape(_ byte: UInt8) {
        let digits: StaticString = "0123456789abcdef"
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0D: append(UInt8(ascii: "r"))
        case 0x09: append(UInt8(ascii: "t"))
        default:
            append("u00")
            append(digits.utf8Start[Int(byte >> 4)])
            append(digits.utf8Start[Int(byte & 15)])
        }
    }

    private func appendDigits(_ number: UInt) {
        // UInt.max has 20 digits.
        reserve(20)
        count += DecimalDigits.write(number, to: base + count)
    }
}
