/// Growable bytes with a read and a write index: what a connection has received and not yet used, or
/// has yet to send.
///
/// It holds no memory until it is first written to, and none after `release()`, so that an idle
/// connection costs nothing. Pointers that it hands out are valid until the next mutating call.
package struct ByteBuffer: ~Copyable {
    // Invariant: 0 <= readIndex <= writeIndex <= capacity; `base` is nil exactly when capacity is 0.
    private var base: UnsafeMutablePointer<UInt8>?
    package private(set) var capacity = 0
    private var readIndex = 0
    private var writeIndex = 0

    private static let smallestCapacity = 1024

    package init() {}

    deinit { base?.deallocate() }

    package var count: Int { writeIndex - readIndex }
    package var isEmpty: Bool { writeIndex == readIndex }

    /// The bytes written and not yet consumed.
    package var readable: UnsafeBufferPointer<UInt8> {
        guard let base else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: base + readIndex, count: count)
    }

    /// All the space behind the written bytes, at least `minimum` bytes of it. What is put there
    /// counts once it is committed.
    package mutating func writable(minimum: Int) -> UnsafeMutableRawBufferPointer {
        makeRoom(minimum)
        return UnsafeMutableRawBufferPointer(
            start: base.map { $0 + writeIndex }, count: capacity - writeIndex)
    }

    /// Makes the first `written` bytes of the writable space readable.
    package mutating func commit(_ written: Int) {
        precondition(written >= 0 && written <= capacity - writeIndex, "more than was writable")
        writeIndex += written
    }

    /// Forgets the first `used` readable bytes.
    package mutating func consume(_ used: Int) {
        precondition(used >= 0 && used <= count, "more than is readable")
        readIndex += used
        if readIndex == writeIndex { removeAll() }
    }

    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        makeRoom(bytes.count)
        // A run of no bytes makes no room, and may come before there is memory.
        guard let base else { return }
        (base + writeIndex).update(from: source, count: bytes.count)
        writeIndex += bytes.count
    }

    @inline(__always)
    package mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ byte: UInt8) {
        makeRoom(1)
        base![writeIndex] = byte
        writeIndex += 1
    }

    /// - Precondition: `number` is not negative.
    package mutating func appendDecimal(_ number: Int) {
        precondition(number >= 0, "lengths and statuses are not negative")
        // Int.max has 19 digits.
        makeRoom(19)
        let pairs: StaticString = """
            00010203040506070809101112131415161718192021222324252627282930313233343536373839\
            40414243444546474849505152535455565758596061626364656667686970717273747576777879\
            8081828384858687888990919293949596979899
            """
        let first = base! + writeIndex
        let width = Self.decimalWidth(number)
        var position = width
        var rest = number
        while rest >= 10 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            position -= 2
            first[position] = pairs.utf8Start[pair * 2]
            first[position + 1] = pairs.utf8Start[pair * 2 + 1]
            rest = quotient
        }
        // Pairs taken from the right leave a single digit when the width is odd.
        if position == 1 { first[0] = UInt8(ascii: "0") + UInt8(rest) }
        writeIndex += width
    }

    /// Lower-case, without leading zeros.
    /// - Precondition: `number` is not negative.
    package mutating func appendHex(_ number: Int) {
        precondition(number >= 0, "lengths are not negative")
        let digits: StaticString = "0123456789abcdef"
        let width = max(1, (Int.bitWidth - number.leadingZeroBitCount + 3) / 4)
        makeRoom(width)
        let first = base! + writeIndex
        var rest = number
        for position in stride(from: width - 1, through: 0, by: -1) {
            first[position] = digits.utf8Start[rest & 0xF]
            rest >>= 4
        }
        writeIndex += width
    }

    /// Forgets the bytes and keeps the memory.
    package mutating func removeAll() {
        readIndex = 0
        writeIndex = 0
    }

    /// Forgets the bytes and gives the memory back.
    package mutating func release() {
        base?.deallocate()
        base = nil
        capacity = 0
        removeAll()
    }

    private static func decimalWidth(_ number: Int) -> Int {
        var width = 1
        var bound = 10
        while number >= bound {
            width += 1
            let (next, overflowed) = bound.multipliedReportingOverflow(by: 10)
            if overflowed { break }
            bound = next
        }
        return width
    }

    @inline(__always)
    private mutating func makeRoom(_ wanted: Int) {
        if capacity - writeIndex < wanted { moveOrGrow(wanted) }
    }

    @inline(never)
    private mutating func moveOrGrow(_ wanted: Int) {
        let count = self.count
        if let base, capacity - count >= wanted {
            base.update(from: base + readIndex, count: count)
        } else {
            let grown = max(Self.smallestCapacity, capacity * 2, count + wanted)
            let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
            if let base {
                moved.update(from: base + readIndex, count: count)
                base.deallocate()
            }
            base = moved
            capacity = grown
        }
        readIndex = 0
        writeIndex = count
    }
}
