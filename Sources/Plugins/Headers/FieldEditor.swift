import PluginAPI

/// Field changes made ready for use.
struct FieldEditor: Sendable {
    private let removed: [HeaderName]
    private let set: [(name: HeaderName, value: String)]
    private let added: [(name: HeaderName, value: String)]

    /// - Precondition: the changes have been found right.
    init(_ changes: FieldChanges) {
        func ready(_ values: NamedValues<String>) -> [(HeaderName, String)] {
            values.map { (HeaderName($0.name)!, $0.value) }
        }
        removed = changes.remove
        set = ready(changes.set)
        added = ready(changes.add)
    }

    func edit(_ headers: Headers) {
        for name in removed { headers.remove(name) }
        for (name, value) in set { headers.set(name, to: value) }
        for (name, value) in added { headers.append(name, value) }
    }
}
