import PluginAPI

/// How urgently a provider serves a request, where that changes its price.
enum ServiceTier: String, SettingChoice {
    case standard, priority, flex, batch, ultrafast

    /// Reads what a provider's answer says, in the words of OpenAI, Anthropic, Google and Groq.
    /// - Returns: nil for a word that is not known, which is then best taken for `standard`.
    init?(reported word: UnsafeBufferPointer<UInt8>) {
        let known = Self.words.first {
            ASCII.equals(
                word,
                UnsafeBufferPointer(start: $0.word.utf8Start, count: $0.word.utf8CodeUnitCount))
        }
        guard let known else { return nil }
        self = known.tier
    }

    init?(reported word: String) {
        var word = word
        guard let tier = word.withUTF8({ Self(reported: $0) }) else { return nil }
        self = tier
    }

    /// Capacity that is paid for beforehand (`scale`) has no price of its own for a token.
    private static let words: [(word: StaticString, tier: Self)] = [
        ("default", .standard), ("standard", .standard), ("auto", .standard),
        ("on_demand", .standard), ("scale", .standard), ("priority", .priority),
        ("fast", .priority), ("flex", .flex), ("batch", .batch), ("ultrafast", .ultrafast),
    ]
}
