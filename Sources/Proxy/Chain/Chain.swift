import PluginAPI

/// The plugins that a route's requests go through: for each phase, the list of those that take part.
package final class Chain: Sendable {
    /// One plugin in its place.
    package struct Entry: Sendable {
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
    struct RequestStep: Sendable {
        let entry: Int
        let hook: Hook

        enum Hook: Sendable {
            case immediate(any RequestPhase)
            case shared(any SharedStatePhase)
            case waiting(any AsyncRequestPhase)
            case whole(any WholeRequestPhase)
        }
    }

    /// A hook of another phase, with the place of its plugin.
    struct Step<Hook: Sendable>: Sendable {
        let entry: Int
        let hook: Hook
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
            entries.enumerated().compactMap { index, entry in
                (entry.plugin as? Hook).map { Step(entry: index, hook: $0) }
            }
        }
        requestSteps = entries.enumerated().flatMap { index, entry in
            var hooks: [RequestStep.Hook] = []
            if let plugin = entry.plugin as? any RequestPhase { hooks.append(.immediate(plugin)) }
            if let plugin = entry.plugin as? any SharedStatePhase { hooks.append(.shared(plugin)) }
            if let plugin = entry.plugin as? any AsyncRequestPhase {
                hooks.append(.waiting(plugin))
            }
            if let plugin = entry.plugin as? any WholeRequestPhase { hooks.append(.whole(plugin)) }
            return hooks.map { RequestStep(entry: index, hook: $0) }
        }
        requestBodySteps = steps((any RequestBodyPhase).self)
        responseHeadSteps = steps((any ResponseHeadPhase).self).reversed()
        responseBodySteps = steps((any ResponseBodyPhase).self).reversed()
        completedSteps = steps((any CompletedPhase).self).reversed()
    }
}
