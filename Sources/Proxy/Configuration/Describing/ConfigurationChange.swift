import PluginAPI

/// One difference between two configurations, each as it is in force and without secrets.
struct ConfigurationChange: Sendable, Equatable {
    /// `routes.search.plugins.ip-limiter.config.limit`: elements of lists by name or label.
    let path: String
    /// Nil where something is new.
    let from: JSONValue?
    /// Nil where something is gone.
    let to: JSONValue?

    var json: JSONValue {
        ["path": .string(path), "from": from ?? .null, "to": to ?? .null]
    }

    /// All differences, in the order of the new one.
    static func between(_ old: JSONValue, _ new: JSONValue) -> [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        compare(old, new, "", &changes)
        return changes
    }

    private static func compare(
        _ old: JSONValue, _ new: JSONValue, _ path: String, _ changes: inout [ConfigurationChange]
    ) {
        guard old != new else { return }
        guard let before = members(old), let after = members(new) else {
            changes.append(ConfigurationChange(path: path, from: old, to: new))
            return
        }
        func below(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        let count = changes.count
        for member in after {
            if let match = before.first(where: { $0.name == member.name }) {
                compare(match.value, member.value, below(member.name), &changes)
            } else {
                changes.append(
                    ConfigurationChange(path: below(member.name), from: nil, to: member.value))
            }
        }
        for member in before where !after.contains(where: { $0.name == member.name }) {
            changes.append(
                ConfigurationChange(path: below(member.name), from: member.value, to: nil))
        }
        // The same elements, so it is their order that differs; and in a chain it counts.
        if changes.count == count {
            let names = { (members: [JSONValue.Member]) in
                JSONValue.array(members.map { .string($0.name) })
            }
            changes.append(
                ConfigurationChange(path: below("order"), from: names(before), to: names(after)))
        }
    }

    /// What an object has, or a list whose elements have names of their own.
    private static func members(_ value: JSONValue) -> [JSONValue.Member]? {
        switch value {
        case .object(let members): return members
        case .array(let elements):
            var named: [JSONValue.Member] = []
            for element in elements {
                guard let name = name(of: element), !named.contains(where: { $0.name == name })
                else { return nil }
                named.append(JSONValue.Member(name, element))
            }
            return named
        default: return nil
        }
    }

    private static func name(of element: JSONValue) -> String? {
        guard case .object(let members) = element else { return nil }
        for key in ["label", "name", "address", "url"] {
            if case .string(let name)? = members.first(where: { $0.name == key })?.value {
                return name
            }
        }
        return nil
    }
}
