/// A request to `/v1/chat/completions`, as far as this upstream heeds it.
struct ChatRequest {
    /// A function that the model may call.
    struct Tool {
        let name: String
        /// The JSON Schema of its arguments.
        let parameters: JSON?
    }

    let model: String
    let isStream: Bool
    let wantsUsage: Bool
    /// The most pieces of text that the client wants.
    let maximumTokens: Int?
    /// The tool to call instead of replying with text.
    let tool: Tool?
    /// The prompt's size: one token for each four bytes of text, at least one.
    let promptTokens: Int

    init(_ body: [UInt8]) throws(APIError) {
        let json: JSON
        do {
            json = try JSON(parsing: body)
        } catch {
            throw .invalid(
                """
                We could not parse the JSON body of your request: expected one JSON object, found \
                \(body.isEmpty ? "an empty body" : "\(body.count) bytes that are not JSON").
                """)
        }
        guard case .object = json else {
            throw .invalid("The body of your request: expected a JSON object, found another value.")
        }

        guard let model = json["model"]?.string, !model.isEmpty else {
            throw .invalid("you must provide a model parameter", parameter: "model")
        }
        if model.hasPrefix("missing") { throw .unknownModel(model) }
        self.model = model

        guard let messages = json["messages"]?.array, !messages.isEmpty else {
            throw .invalid("messages: expected a non-empty array", parameter: "messages")
        }
        for (index, message) in messages.enumerated() where message["role"]?.string == nil {
            throw .invalid(
                "messages[\(index)]: expected an object with a role",
                parameter: "messages[\(index)].role")
        }
        promptTokens = max(1, (messages.reduce(0) { $0 + Self.textLength($1) } + 3) / 4)

        if let choices = json.given("n"), choices != 1 {
            throw .invalid("n: this upstream answers with one choice, expected 1", parameter: "n")
        }
        isStream = try Self.flag("stream", of: json)
        let streamOptions = json.given("stream_options")
        if streamOptions != nil && !isStream {
            throw .invalid(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                parameter: "stream_options")
        }
        wantsUsage =
            try streamOptions.map { options throws(APIError) in
                try Self.flag("include_usage", of: options, path: "stream_options.")
            } ?? false
        maximumTokens = try Self.limit(json)
        tool = try Self.tool(json, lastRole: messages.last?["role"]?.string)
    }

    private static func flag(
        _ name: String, of json: JSON, path: String = ""
    ) throws(APIError) -> Bool {
        switch json.given(name) {
        case nil: return false
        case .bool(let value): return value
        default: throw .invalid("\(path)\(name): expected a boolean", parameter: path + name)
        }
    }

    private static func limit(_ json: JSON) throws(APIError) -> Int? {
        for name in ["max_completion_tokens", "max_tokens"] {
            switch json.given(name) {
            case nil: continue
            case .integer(let count) where count >= 1: return count
            default: throw .invalid("\(name): expected an integer from 1 on", parameter: name)
            }
        }
        return nil
    }

    /// The tool that `tool_choice` names, else the first; none when the choice is `none`, or when the last
    /// message already is a tool's result, so that a client's loop of calls ends.
    private static func tool(_ json: JSON, lastRole: String?) throws(APIError) -> Tool? {
        guard let list = json.given("tools") else { return nil }
        var tools: [Tool] = []
        for (index, tool) in (list.array ?? []).enumerated() {
            guard let name = tool["function"]?["name"]?.string else {
                throw .invalid(
                    "tools[\(index)]: expected a function with a name",
                    parameter: "tools[\(index)].function.name")
            }
            tools.append(Tool(name: name, parameters: tool["function"]?["parameters"]))
        }
        guard !tools.isEmpty else {
            throw .invalid("tools: expected a non-empty array", parameter: "tools")
        }
        let choice = json.given("tool_choice")
        if choice == "none" || lastRole == "tool" { return nil }
        guard let name = choice?["function"]?["name"]?.string else { return tools[0] }
        guard let chosen = tools.first(where: { $0.name == name }) else {
            throw .invalid(
                "tool_choice: expected one of tools, found `\(name)`", parameter: "tool_choice")
        }
        return chosen
    }

    private static func textLength(_ json: JSON) -> Int {
        switch json {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.reduce(0) { $0 + textLength($1) }
        case .object(let members): members.reduce(0) { $0 + textLength($1.value) }
        default: 0
        }
    }
}
