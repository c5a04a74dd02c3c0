/// A few numbers, held without allocation: what a step of shared state is given, and what it answers.
///
/// Numbers are doubles because Redis's scripts know no other: whole numbers are exact up to 2^53, and
/// both implementations of a program compute the same.
public struct StateWords: Sendable {
    public static let capacity = 24

    private var storage = InlineArray<24, Double>(repeating: 0)
    public private(set) var count = 0

    public init() {}

    /// - Precondition: there are at most `capacity` of them.
    public mutating func append(_ word: Double) {
        storage[count] = word
        count += 1
    }

    /// - Precondition: `index` is below `count`.
    public subscript(index: Int) -> Double {
        get {
            precondition(index < count, "a word that is not there")
            return storage[index]
        }
        set {
            precondition(index < count, "a word that is not there")
            storage[index] = newValue
        }
    }
}
