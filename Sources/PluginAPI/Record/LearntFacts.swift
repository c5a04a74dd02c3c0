/// What plugins learned of an exchange that its record shows, kept beyond the exchange.
package struct LearntFacts: Sendable {
    package private(set) var identity: String?
    private var clientAddress: IPAddress?
    private var model: String?
    private var usage: TokenUsage?
    private var cost: Cost?
    private var finishReason: String?

    /// The client's address, where a plugin has established it.
    package var client: IPAddress? { clientAddress }

    package init() {}

    package init(_ exchange: Exchange) {
        identity = exchange[Facts.identity]
        clientAddress = exchange[Facts.clientAddress]
        model = exchange[Facts.model]
        usage = exchange[Facts.usage]
        cost = exchange[Facts.cost]
        finishReason = exchange[Facts.finishReason]
    }

    /// Gives them to an exchange from which a record is to be written.
    package func restore(to exchange: Exchange) {
        exchange[Facts.identity] = identity
        exchange[Facts.clientAddress] = clientAddress
        exchange[Facts.model] = model
        exchange[Facts.usage] = usage
        exchange[Facts.cost] = cost
        exchange[Facts.finishReason] = finishReason
    }
}
