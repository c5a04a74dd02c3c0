import PluginAPI

/// Finds who the client is by a field, and refuses one of them; needs what records do not have.
struct NameReader: RequestPhase {
    static let name = "name-reader"
    static let writes: [any FactDeclaration] = [Facts.identity]

    struct Configuration: PluginConfiguration {
        init() {}
    }

    init(_ configuration: Configuration, _ setup: Setup) {}

    var decidesBy: RequestParts? { .fields }

    func request(_ exchange: Exchange) -> Decision {
        let name = exchange.request.headers["x-name"]?.string
        if name == "mallory" { return .refuse(401, reason: "unwelcome") }
        exchange[Facts.identity] = name
        return .proceed
    }
}

/// Says what each answer has cost, by a field of it; needs what records do not have.
struct CostReader: RequestPhase, CompletedPhase {
    static let name = "cost-reader"
    static let writes: [any FactDeclaration] = [Facts.cost.whenCompleted, Facts.expectedCost]

    struct Configuration: PluginConfiguration {
        init() {}
    }

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision { .proceed }
    func completed(_ exchange: Exchange) {}
}
