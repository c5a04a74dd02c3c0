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

    /// What a record says.
    package init(
        identity: String?, client: IPAddress?, model: String?, usage: TokenUsage?, cost: Cost?,
        finishReason: String?
    ) {
        self.identity = identity
        clientAddress = client
        self.model = model
        self.usage = usage
        self.cost = cost
        self.finishReason = finishReason
    }

    /// How each of them, by the fact's name, is given to an exchange.
    package static let givers: [String: @Sendable (LearntFacts, Exchange) -> Void] = [
        Facts.identity.name: { $1[Facts.identity] = $0.identity },
        Facts.clientAddress.name: { $1[Facts.clientAddress] = $0.clientAddress },
        Facts.model.name: { $1[Facts.model] = $0.model },
        Facts.usage.name: { $1[Facts.usage] = $0.usage },
        Facts.cost.name: { $1[Facts.cost] = $0.cost },
        Facts.finishReason.name: { $1[Facts.finishReason] = $0.finishReason },
    ]

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
