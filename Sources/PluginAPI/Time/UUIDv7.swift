/// Identifiers that sort by the time at which they were made (RFC 9562 §5.7).
package enum UUIDv7 {
    private static let digits: StaticString = "0123456789abcdef"

    package static func make(at time: WallTime) -> String {
        let random = RandomWords.pair()
        let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | 0x7000 | random.0 & 0x0FFF
        let low = random.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for (word, first) in [(high, true), (low, false)] {
                for nibble in 0..<16 {
                    if first ? (nibble == 8 || nibble == 12) : (nibble == 0 || nibble == 4) {
                        text[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    text[position] = digits.utf8Start[Int(word >> UInt64(60 - 4 * nibble) & 0xF)]
                    position += 1
                }
            }
            return position
        }
    }
}
