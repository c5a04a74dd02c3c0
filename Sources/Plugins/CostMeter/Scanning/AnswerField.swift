/// What is looked for in providers' answers.
enum AnswerField: UInt8, Sendable {
    // Numbers of tokens, by the names that providers give them. First, because each has a bit.

    /// With the cached ones.
    case promptTokens
    /// Without the cached ones where a provider counts those beside it.
    case inputTokens
    case completionTokens
    case outputTokens
    case totalTokens
    /// Among the prompt's, in its details.
    case cachedTokens
    case cacheWriteTokens
    case reasoningTokens
    /// Anthropic's, beside the input tokens.
    case cacheReadInput
    case cacheCreationInput
    case shortCacheCreation
    case longCacheCreation
    /// DeepSeek's, among the prompt's.
    case cacheHitTokens
    /// Moonshot's, among the prompt's.
    case plainCachedTokens

    /// In US dollars.
    case cost

    // Objects whose members are forgotten when another one of the same name begins.

    case inputDetails, outputDetails, cacheCreation
    /// A usage object.
    case usage
    /// One that stands deeper than the outermost object.
    case innerUsage
    /// One that comes before the answer: what it counts of the output will grow.
    case usageAtStart

    /// The whole text.
    case document
    case choices, choice, reasoningText
    case model
    case finishReason
    /// Of OpenAI's responses.
    case status, incompleteReason
    case serviceTier

    static let numbers = 14

    /// Of those that are held until their text ends, the bit.
    var bit: UInt32 { 1 << UInt32(rawValue) }

    /// What is forgotten when it begins: its own bit, or those of its members.
    var forgets: UInt32 {
        switch self {
        case .inputDetails: Self.cachedTokens.bit | Self.cacheWriteTokens.bit
        case .outputDetails: Self.reasoningTokens.bit
        case .cacheCreation: Self.shortCacheCreation.bit | Self.longCacheCreation.bit
        case .usage, .innerUsage, .usageAtStart: .max
        default: rawValue <= Self.cost.rawValue ? bit : 0
        }
    }
}
