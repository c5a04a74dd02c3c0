/// A few numbers, held without allocation: what a step of shared state is given, and what it answers.
///
/// Numbers are doubles because Redis's scripts know no other: whole numbers are exact up to 2^53, and
/// both implementations of a program compute the same.
public struct StateWords: Sendable {
    public static let capacity = 24

    @usableFromInline var storage = InlineArray<24, Double>(repeating: 0)
    @usableFromInline var wordCount = 0
    @inlinable public var count: Int { wordCount }

    @inlinable
    public init() {}

    /// - Precondition: there are at most `capacity` of them.
    @inlinable
    public mutating func append(_ word: Double) {
        storage[wordCount] = word
        wordCount += 1
    }

    /// - Precondition: `index` is below `count`.
    @inlinable
    public subscript(index: Int) -> Double {
        get {
            precondition(index < count, "a word that is not there")
            // Not `storage[index]`, which copies all of it first.
            return storage.span[index]
        }
        set {
            precondition(index < count, "a word that is not there")
            storage[index] = newValue
        }
    }
}
