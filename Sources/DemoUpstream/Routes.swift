/// The endpoints.
struct Routes {
    /// The largest chat request that is read; every other body is only counted.
    static let chatBodyLimit = 64 * 1024 * 1024

    private static let chatPath = "/v1/chat/completions"
    private static let modelsPath = "/v1/models"
    private static let statisticsPath = "/demo/stats"

    let statistics: Statistics

    /// How many bytes of the body the endpoint needs; nil if none.
    func bodyLimit(_ head: RequestHead) -> Int? {
        head.path == Self.chatPath ? Self.chatBodyLimit : nil
    }

    /// Whether the request is one for the counts, which neither counts nor heeds knobs.
    func isForStatistics(_ head: RequestHead) -> Bool {
        head.path == Self.statisticsPath
    }

    func answer(_ head: RequestHead, _ body: RequestReader.Body, _ knobs: Knobs) throws(APIError)
        -> Answer
    {
        switch head.path {
        case Self.chatPath:
            try allow(["POST"], head)
            let completion = ChatCompletion(try ChatRequest(body.bytes), knobs)
            return completion.request.isStream
                ? .stream(completion) : .whole(status: 200, completion.plain)
        case Self.modelsPath:
            try allow(["GET", "HEAD"], head)
            return .whole(status: 200, Models.list)
        case let path where path.hasPrefix(Self.modelsPath + "/"):
            try allow(["GET", "HEAD"], head)
            let name = path.dropFirst(Self.modelsPath.count + 1)
            return .whole(status: 200, try Models.named(String(name)))
        case "/healthz":
            try allow(["GET", "HEAD"], head)
            return .whole(status: 200, ["status": "ok"])
        case Self.statisticsPath:
            try allow(["GET", "HEAD"], head)
            return .whole(status: 200, statistics.json)
        case "/demo/echo":
            return .whole(status: 200, Self.echo(head, body))
        default:
            throw .unknownPath(head)
        }
    }

    /// The request as it was received. Bytes beyond ASCII are code points of the same numbers.
    private static func echo(_ head: RequestHead, _ body: RequestReader.Body) -> JSON {
        func pairs(_ fields: [RequestHead.Field]) -> JSON {
            .array(fields.map { [.string($0.name), .string($0.value)] })
        }
        return [
            "method": .string(head.method), "target": .string(head.target),
            "version": .string("HTTP/1.\(head.minorVersion)"), "headers": pairs(head.fields),
            "body_length": .integer(body.length), "trailers": pairs(body.trailers),
        ]
    }

    private func allow(_ methods: [String], _ head: RequestHead) throws(APIError) {
        if !methods.contains(head.method) { throw .wrongMethod(head, allowed: methods) }
    }
}
