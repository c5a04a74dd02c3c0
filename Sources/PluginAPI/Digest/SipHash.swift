/// SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, 2012).
///
/// Who does not know the secret cannot tell anything of the hash of a text beforehand, nor find two texts
/// with one hash, except by trying.
package struct SipHash: Hashable, Sendable {
    package struct Secret: Sendable {
        let words: (UInt64, UInt64)

        /// One that nobody knows.
        package static func random() -> Secret {
            var system = SystemRandomNumberGenerator()
            return Secret(words: (system.next(), system.next()))
        }

        package init(words: (UInt64, UInt64)) { self.words = words }
    }

    package let low: UInt64
    package let high: UInt64

    /// The hash of bytes. No allocation.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, _ secret: Secret) {
        var state = State(secret)
        let raw = UnsafeRawBufferPointer(bytes)
        var place = 0
        while place + 8 <= raw.count {
            state.add(
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
            place += 8
        }
        // The last word is what is left, and the count.
        var last = UInt64(truncatingIfNeeded: raw.count) << 56
        for index in 0..<raw.count - place {
            last |= UInt64(raw[place + index]) << UInt64(8 * index)
        }
        state.add(last)
        low = state.end(0xEE)
        high = state.end(0xDD)
    }

    private struct State {
        var a, b, c, d: UInt64

        init(_ secret: Secret) {
            a = secret.words.0 ^ 0x736f_6d65_7073_6575
            b = secret.words.1 ^ 0x646f_7261_6e64_6f6d ^ 0xEE
            c = secret.words.0 ^ 0x6c79_6765_6e65_7261
            d = secret.words.1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func add(_ word: UInt64) {
            d ^= word
            round()
            round()
            a ^= word
        }

        /// - Returns: half of the hash.
        mutating func end(_ mark: UInt64) -> UInt64 {
            if mark == 0xEE { c ^= mark } else { b ^= mark }
            for _ in 0..<4 { round() }
            return a ^ b ^ c ^ d
        }

        @inline(__always)
        private mutating func round() {
            a &+= b
            b = left(b, 13) ^ a
            a = left(a, 32)
            c &+= d
            d = left(d, 16) ^ c
            a &+= d
            d = left(d, 21) ^ a
            c &+= b
            b = left(b, 17) ^ c
            c = left(c, 32)
        }

        @inline(__always)
        private func left(_ value: UInt64, _ count: UInt64) -> UInt64 {
            value &<< count | value &>> (64 &- count)
        }
    }
}
