/// The SHA-256 digest (FIPS 180-4): 32 bytes that stand for any number of others.
public struct SHA256: Hashable, Sendable, CustomStringConvertible {
    /// The eight words of the digest, the first four in `high`, most significant first.
    public let high: UInt128
    public let low: UInt128

    /// The digest of bytes. No allocation.
    public init(_ bytes: UnsafeBufferPointer<UInt8>) {
        var state = State()
        var rest = bytes
        while rest.count >= 64 {
            state.add(rest.baseAddress!)
            rest = UnsafeBufferPointer(rebasing: rest[64...])
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { last in
            last.initialize(repeating: 0)
            for index in rest.indices { last[index] = rest[index] }
            last[rest.count] = 0x80
            let size = rest.count < 56 ? 64 : 128
            let bits = UInt64(bytes.count) << 3
            for index in 0..<8 {
                last[size - 1 - index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))
            }
            state.add(last.baseAddress!)
            if size == 128 { state.add(last.baseAddress! + 64) }
        }
        (high, low) = state.halves
    }

    /// The digest of a text's UTF-8.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { SHA256($0) }
    }

    /// Reads 64 hexadecimal digits in either case; nil when it is anything else.
    public init?(hexadecimal text: some StringProtocol) {
        self.init(hexadecimal: text.utf8)
    }

    /// The same of bytes.
    @inlinable
    public init?(hexadecimal text: some Collection<UInt8>) {
        guard text.count == 64 else { return nil }
        var halves: (high: UInt128, low: UInt128) = (0, 0)
        for byte in text {
            let letter = ASCII.lowercased(byte) &- UInt8(ascii: "a")
            let digit = letter < 6 ? letter + 10 : byte &- UInt8(ascii: "0")
            guard digit < 10 || letter < 6 else { return nil }
            halves.high = halves.high << 4 | halves.low >> 124
            halves.low = halves.low << 4 | UInt128(digit)
        }
        (high, low) = halves
    }

    /// Takes the same time wherever the two differ, so that who can measure how long his guesses take
    /// learns no more than right or wrong.
    public static func == (left: SHA256, right: SHA256) -> Bool {
        (left.high ^ right.high) | (left.low ^ right.low) == 0
    }

    /// 64 hexadecimal digits in lower case.
    public var description: String { Self.digits(high) + Self.digits(low) }

    private static func digits(_ half: UInt128) -> String {
        let text = String(half, radix: 16)
        return String(repeating: "0", count: 32 - text.utf8.count) + text
    }

    private struct State {
        var a: UInt32 = 0x6a09_e667
        var b: UInt32 = 0xbb67_ae85
        var c: UInt32 = 0x3c6e_f372
        var d: UInt32 = 0xa54f_f53a
        var e: UInt32 = 0x510e_527f
        var f: UInt32 = 0x9b05_688c
        var g: UInt32 = 0x1f83_d9ab
        var h: UInt32 = 0x5be0_cd19

        var halves: (UInt128, UInt128) {
            func half(_ w: UInt32, _ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt128 {
                UInt128(w) << 96 | UInt128(x) << 64 | UInt128(y) << 32 | UInt128(z)
            }
            return (half(a, b, c, d), half(e, f, g, h))
        }

        mutating func add(_ block: UnsafePointer<UInt8>) {
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
                for index in 0..<16 {
                    let at = block + 4 * index
                    words[index] =
                        UInt32(at[0]) << 24 | UInt32(at[1]) << 16 | UInt32(at[2]) << 8
                        | UInt32(at[3])
                }
                for index in 16..<64 {
                    let early = words[index - 15]
                    let late = words[index - 2]
                    let first = right(early, 7) ^ right(early, 18) ^ early &>> 3
                    let second = right(late, 17) ^ right(late, 19) ^ late &>> 10
                    words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
                }
                var next = self
                // Eight at a time: the words change their parts from round to round, and are then back
                // in their places without having been moved.
                for index in stride(from: 0, to: 64, by: 8) {
                    func round(
                        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32,
                        _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ offset: Int
                    ) {
                        let word = words[index &+ offset] &+ roundConstants[index &+ offset]
                        let choice = g ^ (e & (f ^ g))
                        let majority = (a & b) | (c & (a | b))
                        let first =
                            h &+ (right(e, 6) ^ right(e, 11) ^ right(e, 25)) &+ choice &+ word
                        d &+= first
                        h = first &+ (right(a, 2) ^ right(a, 13) ^ right(a, 22)) &+ majority
                    }
                    var (a, b, c, d) = (next.a, next.b, next.c, next.d)
                    var (e, f, g, h) = (next.e, next.f, next.g, next.h)
                    round(a, b, c, &d, e, f, g, &h, 0)
                    round(h, a, b, &c, d, e, f, &g, 1)
                    round(g, h, a, &b, c, d, e, &f, 2)
                    round(f, g, h, &a, b, c, d, &e, 3)
                    round(e, f, g, &h, a, b, c, &d, 4)
                    round(d, e, f, &g, h, a, b, &c, 5)
                    round(c, d, e, &f, g, h, a, &b, 6)
                    round(b, c, d, &e, f, g, h, &a, 7)
                    (next.a, next.b, next.c, next.d) = (a, b, c, d)
                    (next.e, next.f, next.g, next.h) = (e, f, g, h)
                }
                a &+= next.a
                b &+= next.b
                c &+= next.c
                d &+= next.d
                e &+= next.e
                f &+= next.f
                g &+= next.g
                h &+= next.h
            }
        }

        @inline(__always)
        private func right(_ value: UInt32, _ count: UInt32) -> UInt32 {
            value &>> count | value &<< (32 &- count)
        }
    }
}

private let roundConstants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
]
