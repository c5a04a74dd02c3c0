import PluginAPI

/// What there is to know about a registered plugin.
package struct PluginReference: Sendable {
    package let name: String
    package let summary: String
    package let phases: [String]
    package let settings: [SettingDescription]
    package let reads: [FactUse]
    package let writes: [FactUse]

    package init(_ type: any Plugin.Type) {
        func settings<Made: Plugin>(_: Made.Type) -> [SettingDescription] {
            Made.Configuration.settings
        }
        name = type.name
        summary = type.summary
        phases = Self.phases(of: type)
        self.settings = settings(type)
        reads = type.reads.map(FactUse.of)
        writes = type.writes.map(FactUse.of)
    }

    private static func phases(of type: any Plugin.Type) -> [String] {
        let phases: [(String, Bool)] = [
            ("request", type is any RequestPhase.Type),
            ("shared state", type is any SharedStatePhase.Type),
            ("async request", type is any AsyncRequestPhase.Type),
            ("whole request", type is any WholeRequestPhase.Type),
            ("request body", type is any RequestBodyPhase.Type),
            ("response head", type is any ResponseHeadPhase.Type),
            ("response body", type is any ResponseBodyPhase.Type),
            ("completed", type is any CompletedPhase.Type),
            ("periodic", type is any PeriodicPhase.Type),
        ]
        return phases.filter(\.1).map(\.0)
    }
}

// MARK: For people

extension PluginReference {
    /// A page: summary, phases, facts, and every setting with type, default and meaning.
    package var page: String {
        var lines = [summary.isEmpty ? name : "\(name): \(summary)", ""]
        lines.append("phases  \(Self.listed(phases))")
        lines.append("reads   \(Self.listed(reads.map(\.words)))")
        lines.append("writes  \(Self.listed(writes.map(\.words)))")
        lines.append("")
        lines.append(settings.isEmpty ? "config  none" : "config")
        Self.describe(settings, prefix: "", into: &lines)
        return lines.joined(separator: "\n")
    }

    private static func listed(_ words: [String]) -> String {
        words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    private static func describe(
        _ settings: [SettingDescription], prefix: String, into lines: inout [String]
    ) {
        for setting in settings {
            var facts = [setting.type.name]
            if let unit = setting.unit { facts[0] += " (\(unit))" }
            if let bounds = setting.bounds { facts.append(bounds) }
            let nested = setting.type.nested
            switch setting.defaultValue {
            case nil: facts.append("required")
            case .object? where nested != nil: break
            case let value?: facts.append("default \(value)")
            }
            lines.append("  \(prefix)\(setting.key)  \(facts.joined(separator: ", "))")
            lines.append("      \(setting.meaning)")
            if let nested {
                describe(
                    nested.settings, prefix: prefix + setting.key + nested.suffix, into: &lines)
            }
        }
    }
}

extension FactUse {
    fileprivate var words: String {
        let notes = [isRequired ? "required" : nil, isWhenCompleted ? "when completed" : nil]
            .compactMap(\.self)
        return notes.isEmpty ? name : "\(name) (\(notes.joined(separator: ", ")))"
    }

    fileprivate var json: JSONValue {
        [
            "name": .string(name), "required": .bool(isRequired),
            "whenCompleted": .bool(isWhenCompleted),
        ]
    }
}

extension SettingType {
    /// The settings of the objects in it, and what leads to them: `.`, `[].`, `.*.`.
    fileprivate var nested: (suffix: String, settings: [SettingDescription])? {
        switch shape {
        case .object(let settings): (".", settings)
        case .optional(let type): type.nested
        case .list(let type): type.nested.map { ("[]" + $0.suffix, $0.settings) }
        case .map(let type): type.nested.map { (".*" + $0.suffix, $0.settings) }
        case .either(let types): types.compactMap(\.nested).first
        default: nil
        }
    }
}

// MARK: For programs

extension PluginReference {
    package var json: JSONValue {
        [
            "name": .string(name), "summary": .string(summary),
            "phases": .array(phases.map { .string($0) }),
            "reads": .array(reads.map(\.json)), "writes": .array(writes.map(\.json)),
            "settings": Self.json(settings),
        ]
    }

    private static func json(_ settings: [SettingDescription]) -> JSONValue {
        .array(
            settings.map { setting in
                var members: [JSONValue.Member] = [
                    .init("key", .string(setting.key)), .init("type", .string(setting.type.name)),
                    .init("unit", setting.unit.map { .string($0) } ?? .null),
                    .init("bounds", setting.bounds.map { .string($0) } ?? .null),
                    .init("required", .bool(setting.isRequired)),
                ]
                if let value = setting.defaultValue { members.append(.init("default", value)) }
                members.append(.init("meaning", .string(setting.meaning)))
                if let nested = setting.type.nested {
                    members.append(.init("settings", json(nested.settings)))
                }
                return .object(members)
            })
    }
}
