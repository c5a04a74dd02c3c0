/// What the upstream replies: a text or a tool call, in pieces. A piece counts as a token.
struct ChatReply {
    enum Content {
        case text
        case toolCall(id: String, name: String, arguments: String)
    }

    let content: Content
    let pieces: Pieces
    let finishReason: String

    init(to request: ChatRequest, chunks: Int?, id: String) {
        if let tool = request.tool {
            let arguments = Self.arguments(for: tool.parameters).text
            content = .toolCall(id: "call_" + id, name: tool.name, arguments: arguments)
            pieces = .parts(of: Array(arguments), count: chunks ?? (arguments.count + 3) / 4)
            finishReason = "tool_calls"
        } else {
            let wanted = chunks ?? Pieces.sentence.count
            content = .text
            pieces = .words(count: min(wanted, request.maximumTokens ?? wanted))
            finishReason = pieces.count < wanted ? "length" : "stop"
        }
    }

    /// A value that satisfies the schema's required properties, simple enough to be recognized.
    private static func arguments(for schema: JSON?) -> JSON {
        if let choices = schema?["enum"]?.array, let first = choices.first { return first }
        switch schema?["type"]?.string {
        case "string": return "demo"
        case "integer", "number": return 1
        case "boolean": return true
        case "array": return []
        case "null": return .null
        default:
            let required = (schema?["required"]?.array ?? []).compactMap(\.string)
            return .object(
                required.map { .init(name: $0, value: arguments(for: schema?["properties"]?[$0])) })
        }
    }
}

/// The pieces of a reply, made one at a time: a stream may have a million.
enum Pieces: RandomAccessCollection {
    case words(count: Int)
    case parts(of: [Character], count: Int)

    static let sentence = [
        "Hello", " from", " the", " demo", " upstream:", " each", " word", " travels", " as",
        " its",
        " own", " event.",
    ]

    var startIndex: Int { 0 }

    var endIndex: Int {
        switch self {
        case .words(let count), .parts(_, let count): count
        }
    }

    subscript(index: Int) -> String {
        switch self {
        case .words:
            let word = Self.sentence[index % Self.sentence.count]
            return index > 0 && word == Self.sentence[0] ? " " + word : word
        case .parts(let text, let count):
            return String(text[(index * text.count / count)..<((index + 1) * text.count / count)])
        }
    }
}
