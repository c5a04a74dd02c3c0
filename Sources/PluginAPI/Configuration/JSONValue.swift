/// A JSON value to be written: a default, a schema, a report. Objects keep their order.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public static func number(_ value: Int) -> JSONValue { .number(String(value)) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0, $1) })
    }
    public init(nilLiteral: ()) { self = .null }
}

extension JSONValue: CustomStringConvertible {
    /// On one line: `{"a": 1, "b": [true]}`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.map { "\(Self.quoted($0.name)): \($0.value)" }.joined(separator: ", ")
                + "}"
        }
    }

    /// On as many lines as it has leaves, indented by two spaces; a short list stays on one line.
    public var indented: String { indented(at: "") }

    private func indented(at margin: String) -> String {
        let inner = margin + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map {
                "\(inner)\(Self.quoted($0.name)): \($0.value.indented(at: inner))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
        case .array(let elements) where elements.contains(where: \.isContainer):
            let lines = elements.map { inner + $0.indented(at: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(margin)]"
        default: return description
        }
    }

    private var isContainer: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }

    /// RFC 8259 §7. Control characters are escaped, also those that JSON would let stand (DEL, C1),
    /// so that no text of the file can move the cursor of the terminal that shows it.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _
            where scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value
                || scalar.value == 0x2028 || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension JSONValue {
    /// At most about sixty characters of it, for an error's line.
    package var abbreviated: String {
        let text = description
        guard text.unicodeScalars.count > 60 else { return text }
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(56)))
        return head + (text.hasSuffix("\"") ? "…\"" : "…")
    }

    /// The same with every string and number hidden.
    package var redacted: JSONValue {
        switch self {
        case .null, .bool: self
        case .number, .string: "[redacted]"
        case .array(let elements): .array(elements.map(\.redacted))
        case .object(let members): .object(members.map { Member($0.name, $0.value.redacted) })
        }
    }
}
