import PluginAPI

/// The plugins that a route's requests go through: for each phase, the list of those that take part.
package final class Chain: Sendable {
    // Entries and steps are objects, because they are looked up for every request, and a copy of a
    // plugin would keep and let go of everything that it holds.

    /// One plugin in its place.
    package final class Entry: Sendable {
        package let label: String
        package let mode: PluginMode
        package let plugin: any Plugin
        /// Its place among all instances of the configuration, where its metrics are.
        package let number: Int

        package init(label: String, mode: PluginMode, plugin: any Plugin, number: Int) {
            self.label = label
            self.mode = mode
            self.plugin = plugin
            self.number = number
        }
    }

    /// One hook of the request phase.
    enum RequestStep: Sendable {
        case immediate(Step<any RequestPhase>)
        case shared(Step<any SharedStatePhase>)
        case waiting(Step<any AsyncRequestPhase>)
        case whole(Step<any WholeRequestPhase>)

        /// The place of its plugin in the chain.
        var place: Int {
            switch self {
            case .immediate(let step): step.place
            case .shared(let step): step.place
            case .waiting(let step): step.place
            case .whole(let step): step.place
            }
        }
    }

    /// A hook of a phase.
    final class Step<Hook: Sendable>: Sendable {
        /// The place of its plugin in the chain.
        let place: Int
        let entry: Entry
        /// That of the entry.
        let number: Int
        let hook: Hook

        init(_ hook: Hook, of entry: Entry, at place: Int) {
            self.hook = hook
            self.entry = entry
            number = entry.number
            self.place = place
        }
    }

    let entries: [Entry]
    /// Those of the entries.
    let labels: [String]
    /// The place of the plugin that tells whether the peer is trusted.
    let trustPlace: Int?
    /// First to last.
    let requestSteps: [RequestStep]
    let requestBodySteps: [Step<any RequestBodyPhase>]
    /// Last to first.
    let responseHeadSteps: [Step<any ResponseHeadPhase>]
    let responseBodySteps: [Step<any ResponseBodyPhase>]
    /// Last to first, those that write a fact before those that read it.
    let completedSteps: [Step<any CompletedPhase>]

    /// The hooks of the completed phase, in order.
    package var completedHooks: [any CompletedPhase] { completedSteps.map(\.hook) }

    package init(_ entries: [Entry]) {
        self.entries = entries
        labels = entries.map(\.label)
        trustPlace = entries.firstIndex { entry in
            type(of: entry.plugin).writes.contains { $0.name == Facts.peerIsTrusted.name }
        }
        func steps<Hook>(_ type: Hook.Type, _ phase: Phase) -> [Step<Hook>] {
            entries.enumerated().compactMap { place, entry in
                entry.plugin.takesPart(in: phase) ? step(type, entry, place) : nil
            }
        }
        func step<Hook>(_ type: Hook.Type, _ entry: Entry, _ place: Int) -> Step<Hook>? {
            (entry.plugin as? Hook).map { Step($0, of: entry, at: place) }
        }
        requestSteps = entries.enumerated().flatMap { place, entry -> [RequestStep] in
            guard entry.plugin.takesPart(in: .request) else { return [] }
            return [
                step((any RequestPhase).self, entry, place).map { .immediate($0) },
                step((any SharedStatePhase).self, entry, place).map { .shared($0) },
                step((any AsyncRequestPhase).self, entry, place).map { .waiting($0) },
                step((any WholeRequestPhase).self, entry, place).map { .whole($0) },
            ].compactMap(\.self)
        }
        requestBodySteps = steps((any RequestBodyPhase).self, .requestBody)
        responseHeadSteps = steps((any ResponseHeadPhase).self, .responseHead).reversed()
        responseBodySteps = steps((any ResponseBodyPhase).self, .responseBody).reversed()
        completedSteps = Self.completionOrder(
            steps((any CompletedPhase).self, .completed).reversed())
    }

    /// Moves those that read a fact in the completed phase behind those that write it there; otherwise the
    /// order stays. Of two that wait for each other the first goes first.
    private static func completionOrder(_ steps: [Step<any CompletedPhase>])
        -> [Step<any CompletedPhase>]
    {
        var rest = steps
        var ordered: [Step<any CompletedPhase>] = []
        while !rest.isEmpty {
            let next =
                rest.indices.first { index in
                    !rest.indices.contains { $0 != index && waits(rest[index], for: rest[$0]) }
                } ?? 0
            ordered.append(rest.remove(at: next))
        }
        return ordered
    }

    private static func waits(
        _ reader: Step<any CompletedPhase>, for writer: Step<any CompletedPhase>
    ) -> Bool {
        let read = type(of: reader.entry.plugin).reads.map(FactUse.of).filter(\.isWhenCompleted)
        let written = type(of: writer.entry.plugin).writes.map(FactUse.of).filter(\.isWhenCompleted)
        return read.contains { fact in written.contains { $0.name == fact.name } }
    }
}
