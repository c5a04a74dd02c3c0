/// Random numbers that are the same in every run (SplitMix64).
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Positions within `0...count` in ascending order, at most `most` of them.
    mutating func cuts(in count: Int, most: Int = 5) -> [Int] {
        (0..<Int.random(in: 0...most, using: &self))
            .map { _ in Int.random(in: 0...count, using: &self) }.sorted()
    }

    mutating func bytes(_ allowed: [UInt8], count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in
            allowed.randomElement(using: &self)!
        }
    }
}
