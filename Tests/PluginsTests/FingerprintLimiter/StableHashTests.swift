import Testing

@testable import Plugins

@Suite("The hash that is the same everywhere")
struct StableHashTests {
    private static func hash(_ parts: [UInt8]..., kind: UInt64 = 0) -> UInt64 {
        var hash = StableHash()
        for part in parts { part.withUnsafeBufferPointer { hash.combine($0, kind: kind) } }
        return hash.value
    }

    @Test("it never changes, for replicas of two versions share a record")
    func golden() {
        let parts = Self.hash(Array("user-agent".utf8), Array("curl/8.5.0".utf8))
        #expect(parts == 0xA09283076916C368)
        #expect(Self.hash([]) == 0x832FF0D450935050)
    }

    @Test("a bit of the input changes each bit of the hash every other time", arguments: 1...40)
    func avalanche(length: Int) {
        var flips = [Int](repeating: 0, count: 64)
        var trials = 0
        for number in 0..<40 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: number &* 37 &+ $0 &* 11) }
            let before = Self.hash(bytes)
            for bit in 0..<length * 8 {
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                let difference = before ^ Self.hash(changed)
                for place in 0..<64 { flips[place] += Int(difference >> UInt64(place) & 1) }
                trials += 1
            }
        }
        for count in flips {
            // Six standard deviations of a fair coin.
            let error = abs(Double(count) / Double(trials) - 0.5)
            #expect(error < 3 / Double(trials).squareRoot())
        }
    }

    @Test("similar inputs do not collide, and fill the range evenly")
    func collisions() {
        var seen: Set<UInt64> = []
        var buckets = [Int](repeating: 0, count: 256)
        for number in 0..<100_000 {
            let value = Self.hash(Array("x-field-\(number)".utf8))
            seen.insert(value)
            buckets[Int(value >> 56)] += 1
        }
        #expect(seen.count == 100_000)
        let expected = 100_000.0 / 256
        let chiSquare = buckets.reduce(0.0) {
            $0 + (Double($1) - expected) * (Double($1) - expected) / expected
        }
        // 255 degrees of freedom: a standard deviation is 22.6.
        #expect(abs(chiSquare - 255) < 6 * 22.6)
    }

    @Test("where one part ends and the next begins counts, and what a part is")
    func parts() {
        let values = [
            Self.hash([1, 2], [3]), Self.hash([1], [2, 3]), Self.hash([1, 2, 3]),
            Self.hash([1, 2, 3], []), Self.hash([], [1, 2, 3]), Self.hash([1, 2, 3], kind: 1),
            Self.hash([0]), Self.hash([0, 0]), Self.hash([0], [0]), Self.hash([]),
            Self.hash([UInt8](repeating: 0, count: 16)),
            Self.hash([UInt8](repeating: 0, count: 17)),
        ]
        #expect(Set(values).count == values.count)
    }
}
