import PluginAPI

/// A field's name, with what makes the engine's own fields quick to find.
struct ListField: Sendable {
    let name: HeaderName
    private let id: FieldID

    init(_ name: HeaderName) {
        self.name = name
        id = name.withBytes { FieldID.identify($0) }
    }

    /// The last place of the field before another place; nil when there is none.
    func lastPlace(in headers: Headers, before end: Int) -> Int? {
        if id == .other { return headers.lastPlace(of: name, before: end) }
        guard headers.has(id) else { return nil }
        var place = end - 1
        while place >= 0, headers.fields[place].id != id { place -= 1 }
        return place < 0 ? nil : place
    }
}
