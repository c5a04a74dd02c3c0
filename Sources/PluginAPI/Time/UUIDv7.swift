/// Identifiers that sort by the time at which they were made (RFC 9562 §5.7).
package enum UUIDv7 {
    package static func make(at time: WallTime) -> String {
        let random = RandomWords.pair()
        let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | 0x7000 | random.0 & 0x0FFF
        let low = random.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            let raw = UnsafeMutableRawPointer(text.baseAddress!)
            // Groups of 8, 4, 4, 4 and 12 digits.
            raw.storeBytes(of: digits(high >> 32), as: UInt64.self)
            let middle = digits(high)
            raw.storeBytes(of: UInt32(truncatingIfNeeded: middle), toByteOffset: 9, as: UInt32.self)
            raw.storeBytes(
                of: UInt32(truncatingIfNeeded: middle >> 32), toByteOffset: 14, as: UInt32.self)
            let next = digits(low >> 32)
            raw.storeBytes(of: UInt32(truncatingIfNeeded: next), toByteOffset: 19, as: UInt32.self)
            raw.storeBytes(
                of: UInt32(truncatingIfNeeded: next >> 32), toByteOffset: 24, as: UInt32.self)
            raw.storeBytes(of: digits(low), toByteOffset: 28, as: UInt64.self)
            for dash in [8, 13, 18, 23] { text[dash] = UInt8(ascii: "-") }
            return 36
        }
    }

    /// The eight hexadecimal digits of the lower half, as they lie in memory.
    private static func digits(_ word: UInt64) -> UInt64 {
        // Each half byte into a byte of its own, the first one highest.
        var bytes = word & 0xFFFF_FFFF
        bytes = (bytes | bytes << 16) & 0x0000_FFFF_0000_FFFF
        bytes = (bytes | bytes << 8) & 0x00FF_00FF_00FF_00FF
        bytes = (bytes | bytes << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let ones: UInt64 = 0x0101_0101_0101_0101
        let letters = (bytes &+ ones &* 6) >> 4 & ones
        return (bytes &+ ones &* 0x30 &+ letters &* 0x27).bigEndian
    }
}
