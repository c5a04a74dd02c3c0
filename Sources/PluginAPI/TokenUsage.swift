/// The tokens that one exchange took. What nobody reported is nil, which is not zero.
public struct TokenUsage: Sendable, Hashable {
    /// Tokens of the prompt, those in `cached` and `cacheWrite` among them, whichever way the provider
    /// counts (as OpenTelemetry's `gen_ai.usage.input_tokens`).
    public var input: Int?
    /// Tokens of the answer, those in `reasoning` among them.
    public var output: Int?
    /// Tokens of the prompt that the provider had in its cache.
    public var cached: Int?
    /// Tokens of the prompt that the provider has put into its cache, where it counts them.
    public var cacheWrite: Int?
    /// Those of `cacheWrite` that stay there for longer than usual, where the provider tells them apart.
    public var longCacheWrite: Int?
    /// Tokens that the model spent on thinking.
    public var reasoning: Int?
    public var total: Int?
    /// Whether somebody counted along because the provider's own numbers never came.
    public var isEstimated: Bool

    public init(
        input: Int? = nil, output: Int? = nil, cached: Int? = nil, cacheWrite: Int? = nil,
        longCacheWrite: Int? = nil, reasoning: Int? = nil, total: Int? = nil,
        isEstimated: Bool = false
    ) {
        self.input = input
        self.output = output
        self.cached = cached
        self.cacheWrite = cacheWrite
        self.longCacheWrite = longCacheWrite
        self.reasoning = reasoning
        self.total = total
        self.isEstimated = isEstimated
    }
}
