/// A 64-bit hash that is the same in every process, so that replicas mean the same by a number.
///
/// It is quick and mixes well (128-bit products folded to 64 bits, as wyhash does), and no secret is in
/// it. Whoever looks for two inputs with one hash finds them, and gains nothing here: to be taken for
/// another client it is enough to send what that client sends.
struct StableHash {
    private var state: UInt64

    private static let multiplier: UInt64 = 0xA076_1D64_78BD_642F
    private static let increment: UInt64 = 0xE703_7ED1_A0B4_28DB
    /// What makes capital letters small, and leaves digits and hyphens as they are.
    private static let smallLetters: UInt64 = 0x2020_2020_2020_2020

    init(seed: UInt64 = 0) { state = seed ^ Self.increment }

    /// The hash of what has been combined so far.
    var value: UInt64 { Self.folded(state ^ Self.multiplier, Self.increment) }

    mutating func combine(_ first: UInt64, _ second: UInt64) {
        state = Self.folded(first ^ Self.multiplier, second ^ state)
    }

    /// - Parameter kind: keeps apart equal bytes that mean different things; 0 or 1.
    mutating func combine(_ bytes: UnsafeBufferPointer<UInt8>, kind: UInt64) {
        combine(bytes, kind, mask: 0)
    }

    /// A hash of a field's name that is the same in any case.
    static func withoutCase(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = StableHash()
        hash.combine(name, 0, mask: smallLetters)
        return hash.state
    }

    /// - Parameter mask: bits that are taken for set in each eight bytes.
    @inline(__always)
    private mutating func combine(
        _ bytes: UnsafeBufferPointer<UInt8>, _ kind: UInt64, mask: UInt64
    ) {
        let count = bytes.count
        state &+= (UInt64(truncatingIfNeeded: count) << 1 | kind) &* Self.increment
        // Each read below stands within the bytes, by the count that leads to it.
        guard let address = bytes.baseAddress, count > 0 else { return combine(mask, mask) }
        let start = UnsafeRawPointer(address)
        if count >= 8 {
            var offset = 0
            while offset < count - 16 {
                combine(Self.word(start + offset) | mask, Self.word(start + offset + 8) | mask)
                offset += 16
            }
            let first = count >= 16 ? start + count - 16 : start
            combine(Self.word(first) | mask, Self.word(start + count - 8) | mask)
        } else if count >= 4 {
            combine(Self.half(start) | mask, Self.half(start + count - 4) | mask)
        } else {
            let (first, middle, last) = (start[0], start[count / 2], start[count - 1])
            combine(UInt64(first) << 16 | UInt64(middle) << 8 | UInt64(last) | mask, mask)
        }
    }

    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        return high ^ low
    }

    private static func word(_ start: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
    }

    private static func half(_ start: UnsafeRawPointer) -> UInt64 {
        UInt64(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
    }
}

extension UnsafeRawPointer {
    fileprivate subscript(offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}
