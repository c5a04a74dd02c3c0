import PluginAPI

/// Stands in the place of a plugin that needs what records do not have: it decides as the plugin did, and
/// gives the facts that it found, as far as the record has them.
struct RecordedPlugin: RequestPhase, ResponseHeadPhase {
    static let name = "recorded"

    struct Configuration: PluginConfiguration {
        init() {}
    }

    /// The request that an exchange is of.
    static let request = Fact<ReplayRequest>("replayed_request")

    private typealias Giver = @Sendable (LearntFacts, Exchange) -> Void

    private let label: String
    private let atOnce: [Giver]
    /// What is known only when the answer is.
    private let later: [Giver]

    init(_ configuration: Configuration, _ setup: Setup) {
        self.init(label: setup.label, writes: [])
    }

    /// - Parameters:
    ///   - label: of the plugin in whose place it stands.
    ///   - writes: the facts that one declares.
    init(label: String, writes: [any FactDeclaration]) {
        self.label = label
        let uses = writes.map(FactUse.of)
        func givers(_ isLater: Bool) -> [Giver] {
            uses.filter { $0.isWhenCompleted == isLater }.compactMap {
                LearntFacts.givers[$0.name]
            }
        }
        atOnce = givers(false)
        later = givers(true)
    }

    func takesPart(in phase: Phase) -> Bool { phase != .responseHead || !later.isEmpty }

    func request(_ exchange: Exchange) -> Decision {
        guard let replayed = exchange[Self.request], let record = replayed.record else {
            return .proceed
        }
        for give in atOnce { give(record.facts, exchange) }
        guard let decision = record.decisions.first(where: { $0.plugin == label }) else {
            return .proceed
        }
        switch decision.kind {
        case "refuse": return .refuse(replayed.status ?? 429, reason: decision.reason)
        case "answer":
            return .answer(Answer(status: replayed.status ?? 200, reason: decision.reason))
        // Whether that holds is a matter of its mode now. The status is not in the record.
        case "observed": return .refuse(429, reason: decision.reason)
        default: return .proceed
        }
    }

    func responseHead(_ exchange: Exchange) {
        guard exchange.response.source == .upstream,
            let facts = exchange[Self.request]?.record?.facts
        else { return }
        for give in later { give(facts, exchange) }
    }
}
