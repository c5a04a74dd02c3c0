import PluginAPI
import Proxy

/// Which plugins of a configuration decide anew, and for which the record speaks.
struct Cast {
    /// What a plugin that decides anew does not know, because the one that would find it is not asked.
    struct Gap: Hashable {
        let reader: String
        let fact: String
        let writer: String
    }

    /// With those that do not decide anew replaced, and those that decide nothing left out.
    let configuration: ServerConfiguration
    /// Labels, in the order of the file.
    private(set) var replaced: [String] = []
    /// What each of these needs, as far as there is none.
    private(set) var missing: [String: RequestParts] = [:]
    private(set) var gaps: [Gap] = []
    /// The facts of each that are in records.
    private(set) var recordedFacts: [String: [String]] = [:]
    /// Whether a plugin may let requests wait.
    let mayWait: Bool

    /// - Parameter parts: what there is of the requests.
    init(_ configuration: ServerConfiguration, having parts: RequestParts) {
        var replaced: [String] = []
        var missing: [String: RequestParts] = [:]
        var recordedFacts: [String: [String]] = [:]
        var mayWait = false
        self.configuration = configuration.replacingPlugins { plugin in
            let type = type(of: plugin.instance)
            let takesPart =
                Phase.request.isPart(of: type)
                && plugin.instance.takesPart(in: .request)
            if !takesPart, type.writes.isEmpty { return nil }
            guard let needs = plugin.instance.decidesBy else {
                // What it changes may be what others go by.
                return parts == .all ? plugin.instance : nil
            }
            let lacks = needs.subtracting(parts)
            guard !lacks.isEmpty else {
                if takesPart, plugin.instance is any AsyncRequestPhase { mayWait = true }
                return plugin.instance
            }
            replaced.append(plugin.label)
            missing[plugin.label] = lacks
            recordedFacts[plugin.label] = type.writes.map(\.name).filter {
                LearntFacts.givers[$0] != nil
            }
            return RecordedPlugin(label: plugin.label, writes: type.writes)
        }
        self.replaced = replaced
        self.missing = missing
        self.recordedFacts = recordedFacts
        self.mayWait = mayWait
        for route in configuration.routes {
            for gap in self.gaps(in: configuration.plugins + route.plugins)
            where !gaps.contains(gap) {
                gaps.append(gap)
            }
        }
    }

    private func gaps(in chain: [ConfiguredPlugin]) -> [Gap] {
        chain.filter { missing[$0.label] == nil && $0.instance.decidesBy != nil }.flatMap {
            reader in
            type(of: reader.instance).reads.filter { reader.instance.uses($0) }.compactMap { fact in
                guard LearntFacts.givers[fact.name] == nil else { return nil }
                let writers = chain.filter { writer in
                    type(of: writer.instance).writes.contains { $0.name == fact.name }
                }
                guard let writer = writers.first(where: { missing[$0.label] != nil }) else {
                    return nil
                }
                return Gap(reader: reader.label, fact: fact.name, writer: writer.label)
            }
        }
    }
}
