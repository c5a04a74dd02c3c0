/// Random numbers where nothing depends on their being unforeseeable (xorshift64, Marsaglia 2003). The
/// system's cost a call into the kernel each.
struct QuickRandom: RandomNumberGenerator {
    // Zero would stay zero.
    private var state = UInt64.random(in: 1...UInt64.max)

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
