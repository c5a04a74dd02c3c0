/// Texts that come again and again, each kept once.
struct Interned {
    private var known: Set<String> = []
    /// More than there are routes, paths and reasons; when they are more, they are not kept.
    private static let bound = 10_000

    mutating func callAsFunction(_ text: String) -> String {
        // Short ones have no memory of their own.
        guard text.utf8.count > 15 else { return text }
        if let index = known.firstIndex(of: text) { return known[index] }
        if known.count < Self.bound { known.insert(text) }
        return text
    }
}
