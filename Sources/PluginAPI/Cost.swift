/// What an exchange cost, and who says so.
public struct Cost: Sendable, Hashable {
    public var amount: Money
    public var source: Source

    public enum Source: String, Sendable {
        /// A table of prices.
        case prices
        /// The provider's own answer.
        case provider
        /// No price is known for the model, and the one for such models was taken.
        case fallback
        /// No price is known for the model, and nothing was charged.
        case unpriced
    }

    public init(_ amount: Money, source: Source) {
        self.amount = amount
        self.source = source
    }
}
