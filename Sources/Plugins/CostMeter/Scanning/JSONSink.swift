/// What a JSON value is, as its first byte tells.
enum JSONKind: Sendable {
    case object, list, string, number, bool, null
}

/// Who is told what a `JSONScanner` finds. Places are in bytes from the beginning of all that was scanned.
protocol JSONSink {
    associatedtype Field: Sendable

    /// A value begins.
    /// - Parameter member: where the member's name begins, if it is one.
    mutating func begin(_ field: Field, _ kind: JSONKind, member: Int, at place: Int)

    /// All of a string without its quotes and escapes, of a number, or of a literal; nothing where it is
    /// longer than a scanner keeps.
    mutating func value(_ field: Field, _ bytes: UnsafeBufferPointer<UInt8>, _ kind: JSONKind)

    /// A value has ended, before this place.
    mutating func end(_ field: Field, at place: Int)

    /// A piece of counted text, without escapes.
    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>)

    /// An escape in counted text. The four digits of a `\u` come as text.
    mutating func textEscape(isUnicode: Bool)
}
