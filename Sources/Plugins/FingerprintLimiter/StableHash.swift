/// A 64-bit hash that is the same in every process, so that replicas mean the same by a number.
///
/// It is quick and mixes well (128-bit products folded to 64 bits, as wyhash does), and no secret is in
/// it. Whoever looks for two inputs with one hash finds them, and gains nothing here: to be taken for
/// another client it is enough to send what that client sends.
struct StableHash {
    private var state: UInt64

    private static let multiplier: UInt64 = 0xA076_1D64_78BD_642F
    private static let increment: UInt64 = 0xE703_7ED1_A0B4_28DB

    init(seed: UInt64 = 0) { state = seed ^ Self.increment }

    /// The hash of what has been combined so far.
    var value: UInt64 { Self.folded(state ^ Self.multiplier, Self.increment) }

    mutating func combine(_ first: UInt64, _ second: UInt64) {
        state = Self.folded(first ^ Self.multiplier, second ^ state)
    }

    /// - Parameter kind: keeps apart equal bytes that mean different things; 0 or 1.
    mutating func combine(_ bytes: UnsafeBufferPointer<UInt8>, kind: UInt64) {
        state &+= (UInt64(bytes.count) << 1 | kind) &* Self.increment
        // Each read below stands within the bytes, by the count that leads to it.
        let start = UnsafeRawPointer(bytes.baseAddress)
        guard let start, !bytes.isEmpty else { return combine(0, 0) }
        let count = bytes.count
        switch count {
        case 16...:
            var offset = 0
            while offset < count - 16 {
                combine(Self.word(start + offset), Self.word(start + offset + 8))
                offset += 16
            }
            combine(Self.word(start + count - 16), Self.word(start + count - 8))
        case 8...:
            combine(Self.word(start), Self.word(start + count - 8))
        case 4...:
            combine(Self.half(start), Self.half(start + count - 4))
        default:
            let (first, middle, last) = (bytes[0], bytes[count / 2], bytes[count - 1])
            combine(UInt64(first) << 16 | UInt64(middle) << 8 | UInt64(last), 0)
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
