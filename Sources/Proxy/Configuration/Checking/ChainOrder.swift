import PluginAPI

/// Finds orders of plugins that cannot work: a fact that is read before it is written.
struct ChainOrder {
    /// - Parameter instances: those that could be made, by their labels.
    static func check(
        _ head: [PluginEntry], _ routes: [RouteEntry], _ registry: PluginRegistry,
        _ instances: [String: any Plugin], _ findings: inout Findings
    ) {
        var order = ChainOrder(registry: registry, instances: instances)
        let heads = order.steps(head)
        if routes.isEmpty { order.check(heads, &findings) }
        for route in routes { order.check(heads + order.steps(route.entries), &findings) }
    }

    private let registry: PluginRegistry
    private let instances: [String: any Plugin]
    /// A pair of plugins in the head of every chain is reported once.
    private var reported: Set<String> = []

    private init(registry: PluginRegistry, instances: [String: any Plugin]) {
        self.registry = registry
        self.instances = instances
    }

    private struct Step {
        let entry: PluginEntry
        let type: any Plugin.Type
    }

    private func steps(_ entries: [PluginEntry]) -> [Step] {
        entries.compactMap { entry in
            guard entry.settings.enabled, let type = entry.name.flatMap({ registry[$0] }) else {
                return nil
            }
            return Step(entry: entry, type: type)
        }
    }

    private mutating func check(_ chain: [Step], _ findings: inout Findings) {
        for (index, reader) in chain.enumerated() {
            for fact in reader.type.reads.map(FactUse.of) {
                guard let read = Moment(fact, reader.type, index),
                    instances[reader.entry.label]?.uses(fact) ?? true
                else { continue }
                let writers = chain.enumerated().compactMap { place, step in
                    step.type.writes.map(FactUse.of).first { $0.name == fact.name }
                        .flatMap { Moment($0, step.type, place) }
                }.filter { $0.place != index }
                let message: String?
                if let first = writers.min() {
                    message =
                        first.comes(before: read)
                        ? nil
                        : Self.orderMessage(fact.name, read, first, reader, chain[first.place])
                } else {
                    message = fact.isRequired ? absentMessage(fact.name, reader) : nil
                }
                if let message, reported.insert("\(reader.entry.source.path) \(fact.name)").inserted
                {
                    findings.warning(at: reader.entry.source, message)
                }
            }
        }
    }

    private static func orderMessage(
        _ fact: String, _ read: Moment, _ written: Moment, _ reader: Step, _ writer: Step
    ) -> String {
        let readerName = "\"\(reader.entry.label)\""
        let writerName = "\"\(writer.entry.label)\""
        let writerPlace = "\(writerName) (\(writer.entry.source.path))"
        guard read.phase == written.phase else {
            return
                "\(readerName) reads \(fact) in \(read.phase.words), and \(writerPlace) writes it only in "
                + "\(written.phase.words), later in every order"
        }
        let (earlier, later) =
            read.phase.runsBackwards ? (reader, writer) : (writer, reader)
        let top =
            earlier.entry.route != nil && later.entry.route == nil
            ? " to the top-level plugins," : ""
        let why = read.phase.runsBackwards ? " (this phase runs last to first)" : ""
        return "\(readerName) reads \(fact) before \(writerPlace) writes it\(why); "
            + "move \"\(earlier.entry.label)\"\(top) before \"\(later.entry.label)\""
    }

    private func absentMessage(_ fact: String, _ reader: Step) -> String {
        let able = registry.types.filter { type in type.writes.contains { $0.name == fact } }
            .map { "\"\($0.name)\"" }
        return "\"\(reader.entry.label)\" needs \(fact), which nothing in this chain writes; "
            + (able.isEmpty
                ? "no registered plugin does" : "add \(able.joined(separator: " or ")) before it")
    }
}

/// When a plugin of a chain may first read or write a fact.
private struct Moment: Comparable {
    let phase: Phase
    /// The place in the chain.
    let place: Int

    /// Nil for a plugin that takes part in no phase.
    init?(_ fact: FactUse, _ type: any Plugin.Type, _ place: Int) {
        guard
            let phase = fact.isWhenCompleted
                ? .completed : Phase.allCases.first(where: { $0.isPart(of: type) })
        else { return nil }
        self.phase = phase
        self.place = place
    }

    /// Whether what is written then is known when it is read: in the completed phase wherever they stand.
    func comes(before read: Moment) -> Bool {
        phase == .completed && read.phase == .completed || self < read
    }

    static func < (left: Self, right: Self) -> Bool {
        guard left.phase == right.phase else { return left.phase < right.phase }
        return left.phase.runsBackwards ? left.place > right.place : left.place < right.place
    }
}

extension Phase {
    fileprivate var words: String {
        switch self {
        case .request: "the request phase"
        case .requestBody: "the request body phase"
        case .responseHead: "the response head phase"
        case .responseBody: "the response body phase"
        case .completed: "the completed phase"
        }
    }
}
