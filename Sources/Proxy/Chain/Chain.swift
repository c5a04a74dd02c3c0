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
    /// First to last.
    let requestSteps: [RequestStep]
    let requestBodySteps: [Step<any RequestBodyPhase>]
    /// Last to first.
    let responseHeadSteps: [Step<any ResponseHeadPhase>]
    let responseBodySteps: [Step<any ResponseBodyPhase>]
    let completedSteps: [Step<any CompletedPhase>]

    package init(_ entries: [Entry]) {
        self.entries = entries
        func steps<Hook>(_ type: Hook.Type) -> [Step<Hook>] {
            entries.enumerated().compactMap { place, entry in step(type, entry, place) }
        }
        func step<Hook>(_ type: Hook.Type, _ entry: Entry, _ place: Int) -> Step<Hook>? {
            (entry.plugin as? Hook).map { Step($0, of: entry, at: place) }
        }
        requestSteps = entries.enumerated().flatMap { place, entry in
            [
                step((any RequestPhase).self, entry, place).map { .immediate($0) },
                step((any SharedStatePhase).self, entry, place).map { .shared($0) },
                step((any AsyncRequestPhase).self, entry, place).map { .waiting($0) },
                step((any WholeRequestPhase).self, entry, place).map { .whole($0) },
            ].compactMap(\.self)
        }
        requestBodySteps = steps((any RequestBodyPhase).self)
        responseHeadSteps = steps((any ResponseHeadPhase).self).reversed()
        responseBodySteps = steps((any ResponseBodyPhase).self).reversed()
        completedSteps = steps((any CompletedPhase).self).reversed()
    }
}
