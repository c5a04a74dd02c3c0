/// A few numbers, held without allocation: what a step of shared state is given, and what it answers.
///
/// Numbers are doubles because Redis's scripts know no other: whole numbers are exact up to 2^53, and
/// both implementations of a program compute the same.
public struct StateWords: Sendable {
    public static let capacity = 24

    @usableFromInline var storage = InlineArray<24, Double>(repeating: 0)
    @usableFromInline var used = 0

    @inlinable public init() {}

    @inlinable public var count: Int { used }

    /// - Precondition: there are at most `capacity` of them.
    @inlinable
    public mutating func append(_ word: Double) {
        storage[used] = word
        used += 1
    }

    /// - Precondition: `index` is below `count`.
    @inlinable
    public subscript(index: Int) -> Double {
        get {
            precondition(index < used, "a word that is not there")
            // By its span, or all the words would be copied to read one.
            return storage.span[index]
        }
        set {
            precondition(index < used, "a word that is not there")
            storage[index] = newValue
        }
    }
}
