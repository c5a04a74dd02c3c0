/// Which values of a JSON text are wanted, and where they stand: a tree that follows the text's own.
///
///     .object(["model": .kept(.model), "choices": .list(.object(["text": .counted]))])
struct JSONShape<Field: Sendable>: Sendable {
    enum Scalars: Sendable {
        case ignored
        /// Strings, numbers and literals are told to the sink, whole.
        case kept
        /// Strings are shown to the sink as text, in pieces.
        case counted
    }

    /// What the sink is told that the value is; nil when it need not know.
    fileprivate(set) var field: Field?
    fileprivate(set) var scalars = Scalars.ignored
    fileprivate(set) var members: [(name: String, shape: JSONShape)] = []
    /// What each element of a list is; at most one, in a list because a struct cannot hold itself.
    fileprivate(set) var element: [JSONShape] = []

    static func kept(_ field: Field) -> JSONShape { JSONShape(field: field, scalars: .kept) }

    static var counted: JSONShape { JSONShape(scalars: .counted) }

    static func counted(as field: Field) -> JSONShape { JSONShape(field: field, scalars: .counted) }

    /// The sink is told where the value begins and ends, and nothing of what it is.
    static func marked(_ field: Field) -> JSONShape { JSONShape(field: field) }

    static func object(_ members: KeyValuePairs<String, JSONShape>, as field: Field? = nil)
        -> JSONShape
    {
        JSONShape(field: field, members: members.map { ($0.key, $0.value) })
    }

    static func list(_ element: JSONShape, as field: Field? = nil) -> JSONShape {
        JSONShape(field: field, element: [element])
    }

    /// Where a value may be the one or the other: a string here, an object or a list there.
    func or(_ other: JSONShape) -> JSONShape {
        var both = self
        both.field = field ?? other.field
        if both.scalars == .ignored { both.scalars = other.scalars }
        both.members += other.members
        both.element += other.element
        return both
    }
}
