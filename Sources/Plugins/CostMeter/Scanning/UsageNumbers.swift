import PluginAPI

/// The numbers of usage objects, as providers name them. What has not been given is not there, and zero
/// is zero.
struct UsageNumbers: Sendable {
    private var values = InlineArray<14, Int>(repeating: 0)
    private var given: UInt32 = 0
    private var givenCost = Money.zero

    /// More than any answer takes: what is larger is a mistake, and would overflow when multiplied.
    private static let highest = 1_000_000_000

    var isEmpty: Bool { given == 0 }

    private subscript(field: AnswerField) -> Int? {
        given & field.bit == 0 ? nil : values[Int(field.rawValue)]
    }

    /// In US dollars, by the provider.
    var cost: Money? { given & AnswerField.cost.bit == 0 ? nil : givenCost }

    /// Whether they say how much was generated, or that nothing ever is, as for embeddings.
    var tellOutput: Bool {
        self[.completionTokens] ?? self[.outputTokens] ?? self[.totalTokens] != nil
    }

    mutating func forget(_ bits: UInt32) { given &= ~bits }

    /// Takes a number as it stands in the text; what is not a whole number from 0 on is none.
    mutating func set(_ field: AnswerField, _ text: UnsafeBufferPointer<UInt8>) {
        if field == .cost {
            guard let amount = Money(decimal: text), amount >= .zero else { return }
            givenCost = amount
        } else {
            guard let count = Self.count(text), count <= Self.highest else { return }
            values[Int(field.rawValue)] = count
        }
        given |= field.bit
    }

    /// What later ones say takes the place of what is there; the rest stays.
    mutating func update(from later: UsageNumbers) {
        var left = later.given & (1 << UInt32(AnswerField.numbers) - 1)
        while left != 0 {
            let index = left.trailingZeroBitCount
            values[index] = later.values[index]
            left &= left - 1
        }
        if later.cost != nil { givenCost = later.givenCost }
        given |= later.given
    }

    /// Whole numbers come as `12`, and from some languages as `12.0` or `1.2e1`.
    private static func count(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        if let count = ASCII.decimal(text) { return count }
        // Read as an amount, which is exact: a whole one has no pico-dollars beside its dollars.
        guard let amount = Money(decimal: text), amount >= .zero else { return nil }
        let (whole, rest) = amount.picodollars.quotientAndRemainder(dividingBy: 1_000_000_000_000)
        return rest == 0 ? Int(whole) : nil
    }

    // MARK: - In common terms

    /// The same, counted alike whoever the provider is; nil when they say nothing of tokens.
    var usage: TokenUsage? {
        guard given & ~AnswerField.cost.bit != 0 else { return nil }
        var usage = TokenUsage()
        usage.cached =
            self[.cachedTokens] ?? self[.cacheReadInput] ?? self[.cacheHitTokens]
            ?? self[.plainCachedTokens]
        usage.longCacheWrite = self[.longCacheCreation]
        usage.cacheWrite = self[.cacheCreationInput] ?? self[.cacheWriteTokens] ?? shortAndLong
        if let prompt = self[.promptTokens] {
            usage.input = prompt
        } else if let input = self[.inputTokens] {
            // Anthropic's numbers stand beside each other; OpenAI's are among the input's.
            let written = self[.cacheCreationInput] ?? shortAndLong
            usage.input = input + (self[.cacheReadInput] ?? 0) + (written ?? 0)
        }
        usage.output = self[.completionTokens] ?? self[.outputTokens]
        usage.reasoning = self[.reasoningTokens]
        usage.total = self[.totalTokens]
        if let output = usage.output, let reasoning = usage.reasoning, reasoning > 0,
            let total = usage.total, total == (usage.input ?? 0) + output + reasoning
        {
            // xAI's output is without the reasoning.
            usage.output = output + reasoning
        }
        if usage.total == nil, let input = usage.input, let output = usage.output {
            usage.total = input + output
        }
        return usage
    }

    private var shortAndLong: Int? {
        switch (self[.shortCacheCreation], self[.longCacheCreation]) {
        case (nil, nil): nil
        case (let short, let long): (short ?? 0) + (long ?? 0)
        }
    }
}
