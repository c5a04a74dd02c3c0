import Glibc

/// Bodies of which no run looks like another nearby, made and compared at memory speed.
enum Pattern {
    /// Of prime length, so that no power of two is a period.
    private static let block: [UInt8] = {
        var random: UInt32 = 2_463_534_242
        return (0..<65_521).map { _ in
            random ^= random << 13
            random ^= random >> 17
            random ^= random << 5
            return UInt8(truncatingIfNeeded: random >> 8)
        }
    }()

    static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, written in
            while written < count {
                let part = min(block.count, count - written)
                memcpy(bytes.baseAddress! + written, block, part)
                written += part
            }
        }
    }

    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && memcmp(left, right, left.count) == 0
    }
}
