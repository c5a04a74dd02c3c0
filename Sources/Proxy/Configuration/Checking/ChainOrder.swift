import PluginAPI

/// Finds orders of plugins that cannot work: a fact that is read before it is written, or never written.
struct ChainOrder {
    /// - Parameter instances: those that could be made, by their labels.
    static func check(
        _ head: [PluginEntry], _ routes: [RouteEntry], _ registry: PluginRegistry,
        _ instances: [String: any Plugin], _ findings: inout Findings
    ) {
        var order = ChainOrder(registry: registry)
        let heads = ChainStep.steps(head, registry, instances)
        let chains = routes.map { route in
            (route.name, heads + ChainStep.steps(route.entries, registry, instances))
        }
        if chains.isEmpty { order.check(nil, heads, &findings) }
        for (route, chain) in chains { order.check(route, chain, &findings) }
        for absence in order.absences where !order.isReported(absence.reader, absence.fact) {
            findings.warning(
                at: absence.reader.entry.source,
                order.message(absence, isEverywhere: absence.routes.count == chains.count))
        }
        ChainPlacement.check(heads, routes, chains.map(\.1), &findings)
    }

    private let registry: PluginRegistry
    /// A pair of plugins in the head of every chain is reported once.
    private var reported: Set<String> = []
    private var absences: [Absence] = []

    private init(registry: PluginRegistry) { self.registry = registry }

    /// A required fact that nobody writes.
    private struct Absence {
        let reader: ChainStep
        let fact: FactUse
        /// Where nobody does.
        var routes: [String]
    }

    private mutating func check(
        _ route: String?, _ steps: [ChainStep], _ findings: inout Findings
    ) {
        let chain = ChainFacts(steps: steps)
        for (place, reader) in steps.enumerated() {
            for fact in reader.reads {
                if let late = chain.late(fact, readBy: place) {
                    if reported.insert(Self.key(reader, fact)).inserted {
                        findings.warning(at: reader.entry.source, Self.message(late, in: chain))
                    }
                } else if fact.isRequired, reader.instance != nil,
                    chain.firstWrite(of: fact.name, but: place) == nil
                {
                    note(reader, fact, route)
                }
            }
        }
    }

    private static func key(_ reader: ChainStep, _ fact: FactUse) -> String {
        "\(reader.path) \(fact.name)"
    }

    private func isReported(_ reader: ChainStep, _ fact: FactUse) -> Bool {
        reported.contains(Self.key(reader, fact))
    }

    private mutating func note(_ reader: ChainStep, _ fact: FactUse, _ route: String?) {
        let known = absences.firstIndex {
            $0.reader.path == reader.path && $0.fact.name == fact.name
        }
        if let known {
            absences[known].routes += [route].compactMap(\.self)
        } else {
            absences.append(
                Absence(reader: reader, fact: fact, routes: [route].compactMap(\.self)))
        }
    }

    // MARK: In words

    private static func message(_ late: ChainFacts.Late, in chain: ChainFacts) -> String {
        let (read, written) = (late.reader, late.writer)
        let (reader, writer) = (chain.steps[read.place], chain.steps[written.place])
        guard read.phase == written.phase else {
            return
                "\(reader.name) reads \(late.fact) in \(read.phase.words), and \(writer.place) writes it only in "
                + "\(written.phase.words), later in every order"
        }
        let finding = "\(reader.name) reads \(late.fact) before \(writer.place) writes it"
        if read.phase.runsBackwards {
            return finding + " (this phase runs last to first); "
                + move([reader], before: writer)
        }
        guard let movers = chain.movers(of: written.place, before: read.place) else {
            return finding + ", which in turn needs what that one writes; no order serves both"
        }
        return finding + "; " + move(movers.map { chain.steps[$0] }, before: reader)
    }

    private static func move(_ movers: [ChainStep], before other: ChainStep) -> String {
        let names = movers.count == 1 ? [movers[0].name] : movers.map(\.place)
        let leavesRoute = other.entry.route == nil && movers.contains { $0.entry.route != nil }
        return "move " + names.joined(separator: ", then ")
            + (leavesRoute ? " to the top-level plugins," : "") + " before \(other.name)"
    }

    private func message(_ absence: Absence, isEverywhere: Bool) -> String {
        let (reader, fact) = (absence.reader, absence.fact)
        let able = registry.types.filter { type in type.writes.contains { $0.name == fact.name } }
            .map { "\"\($0.name)\"" }.joined(separator: " or ")
        let isPartial = reader.entry.route == nil && !absence.routes.isEmpty && !isEverywhere
        let place =
            isPartial
            ? "on \(absence.routes.asRoutes)" : "in this chain"
        let finding = "\(reader.name) needs \(fact.name), which nothing \(place) writes; "
        if able.isEmpty { return finding + "no registered plugin does" }
        if isPartial {
            return finding + "add \(able) there, or move \(reader.name) to the routes that have it"
        }
        return finding + "add \(able)" + (fact.isWhenCompleted ? "" : " before it")
    }
}

extension [String] {
    /// `route "a"`, `routes "a" and "b"`
    var asRoutes: String {
        (count == 1 ? "route " : "routes ") + map { "\"\($0)\"" }.inWords
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
