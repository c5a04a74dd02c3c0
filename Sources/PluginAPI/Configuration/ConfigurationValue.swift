/// A value of plugins.json, with the place where it stands.
public struct ConfigurationValue: Sendable {
    public enum Content: Sendable {
        case null
        case bool(Bool)
        /// As written: plugins.json does not lose digits.
        case number(String)
        case string(String)
        case array([ConfigurationValue])
        /// In the order of the file; no key stands twice.
        case object([Member])
        /// Something that has been reported already and must not be reported again.
        case unreadable
    }

    public struct Member: Sendable {
        public let name: String
        public let namePosition: Position
        public var value: ConfigurationValue

        public init(name: String, namePosition: Position, value: ConfigurationValue) {
            self.name = name
            self.namePosition = namePosition
            self.value = value
        }
    }

    /// A line and a column, both from 1; columns count characters (Unicode scalars).
    public struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
        public let line: Int
        public let column: Int

        public init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        public static func < (left: Self, right: Self) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }

        public var description: String { "\(line):\(column)" }
    }

    public var content: Content
    public let position: Position
    public let path: ConfigurationPath
    /// The string as it stands in the file, when `${…}` in it has been replaced.
    public let written: String?
    /// Whether the value must never be shown, whatever it is.
    public private(set) var isSecret = false

    public init(
        _ content: Content, position: Position = Position(line: 1, column: 1),
        path: ConfigurationPath = .root, written: String? = nil
    ) {
        self.content = content
        self.position = position
        self.path = path
        self.written = written
    }
}

extension ConfigurationValue {
    public var isNull: Bool { if case .null = content { true } else { false } }

    /// The string; nil when something else stands here.
    public var string: String? { if case .string(let text) = content { text } else { nil } }

    /// The elements; nil when something else stands here.
    public var array: [ConfigurationValue]? {
        if case .array(let elements) = content { elements } else { nil }
    }

    /// The members; nil when something else stands here.
    public var object: [Member]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// The value of a key of an object.
    public subscript(key: String) -> ConfigurationValue? {
        object?.first { $0.name == key }?.value
    }

    /// Whether the value came from the environment or from a file, and so may be a secret.
    public var isSubstituted: Bool { written != nil }

    package var isSubstitutedAnywhere: Bool {
        switch content {
        case .array(let elements): elements.contains(where: \.isSubstitutedAnywhere)
        case .object(let members): members.contains(where: \.value.isSubstitutedAnywhere)
        default: isSubstituted
        }
    }

    /// The same value, all of which must never be shown.
    public var hidden: ConfigurationValue {
        var hidden = self
        hidden.isSecret = true
        switch content {
        case .array(let elements):
            hidden.content = .array(elements.map(\.hidden))
        case .object(let members):
            hidden.content = .object(
                members.map {
                    Member(name: $0.name, namePosition: $0.namePosition, value: $0.value.hidden)
                })
        default: break
        }
        return hidden
    }

    /// As it stands in the file, `${…}` unreplaced: safe to show.
    package var writtenJSON: JSONValue {
        switch content {
        case .null, .unreadable: .null
        case .bool(let value): .bool(value)
        case .number(let digits): .number(digits)
        case .string(let text): .string(written ?? text)
        case .array(let elements): .array(elements.map(\.writtenJSON))
        case .object(let members):
            .object(members.map { JSONValue.Member($0.name, $0.value.writtenJSON) })
        }
    }

    /// What stands here, as an error names it.
    var found: String {
        switch content {
        case .array(let elements): elements.isEmpty ? "an empty list" : "a list"
        case .object(let members): members.isEmpty ? "an empty object" : "an object"
        case .string where isSecret: "a string that is not shown"
        case .number where isSecret: "a number that is not shown"
        case .string(let text):
            written.map { "the value of \(JSONValue.string($0).abbreviated)" }
                ?? JSONValue.string(text).abbreviated
        default: writtenJSON.abbreviated
        }
    }
}

extension ConfigurationValue {
    /// Follows a key path such as `tiers[1].limit` from this object.
    /// - Returns: the path, and the value there or the nearest one around it that stands in the file.
    func resolve(_ keyPath: String) -> (path: ConfigurationPath, nearest: ConfigurationValue) {
        var path = path
        var nearest = self
        var isThere = true
        for step in keyPath.split(whereSeparator: { ".[]".contains($0) }) {
            let next: ConfigurationValue?
            if let index = Int(step) {
                path = .index(path, index)
                next = nearest.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            } else {
                path = .key(path, String(step))
                next = nearest[String(step)]
            }
            isThere = isThere && next != nil
            if isThere, let next { nearest = next }
        }
        return (path, nearest)
    }
}
