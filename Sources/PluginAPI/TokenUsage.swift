/// The tokens that one exchange took. What nobody reported is nil, which is not zero.
public struct TokenUsage: Sendable, Hashable {
    /// Tokens of the prompt, those in `cached` among them.
    public var input: Int?
    /// Tokens of the answer, those in `reasoning` among them.
    public var output: Int?
    /// Tokens of the prompt that the provider had in its cache.
    public var cached: Int?
    /// Tokens that the model spent on thinking.
    public var reasoning: Int?
    public var total: Int?
    /// Whether somebody counted along because the provider's own numbers never came.
    public var isEstimated: Bool

    public init(
        input: Int? = nil, output: Int? = nil, cached: Int? = nil, reasoning: Int? = nil,
        total: Int? = nil, isEstimated: Bool = false
    ) {
        self.input = input
        self.output = output
        self.cached = cached
        self.reasoning = reasoning
        self.total = total
        self.isEstimated = isEstimated
    }
}
