import Synchronization

/// Takes a share of what it is asked about: evenly mixed, and the same sequence in each process.
final class Sampler: Sendable {
    private let share: Double
    private let asked = Atomic<UInt64>(0)

    /// - Parameter share: 0 to 1.
    init(share: Double) { self.share = share }

    func takes() -> Bool {
        if share >= 1 { return true }
        // SplitMix64: whatever pattern the requests have, the numbers do not follow it.
        var mixed =
            (asked.wrappingAdd(1, ordering: .relaxed).oldValue &+ 1) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        // The upper 53 bits are a number from 0 to 1 that a Double holds exactly.
        return Double(mixed >> 11) < share * 0x1p53
    }
}
