import PluginAPI

/// Refuses requests that do not look as a route's requests do: by method, fields, type and size.
public struct RequestGuard: RequestPhase {
    public static let name = "request-guard"
    public static let summary =
        "Refuses requests by method, content type, missing fields, and the size of path, query and body."

    public struct Configuration: PluginConfiguration {
        @Setting("methods", "The methods that are accepted; all unless told.", count: 1...)
        public var methods: [MethodName]?

        @Setting(
            "contentTypes",
            "The media types that bodies may have, such as \"application/*\"; any unless told.",
            count: 1...)
        package var contentTypes: [MediaTypePattern]?

        @Setting("requiredHeaders", "Fields that a request must have, and not empty.")
        public var requiredHeaders: [HeaderName] = []

        @Setting("body", "The longest body; what the server accepts unless told.")
        public var body: ByteSize?

        @Setting(
            "path", "The longest path, as sent; what the server accepts unless told.",
            in: ByteSize(bytes: 1)...)
        public var path: ByteSize?

        @Setting("query", "The longest query, as sent; what the server accepts unless told.")
        public var query: ByteSize?

        public init() {}

        public func validate() throws(ConfigurationError) {
            if methods == nil, contentTypes == nil, requiredHeaders.isEmpty, body == nil,
                path == nil, query == nil
            {
                throw ConfigurationError(
                    "nothing to guard: expected \"methods\", \"contentTypes\", \"requiredHeaders\", \"body\", \"path\" or \"query\""
                )
            }
        }
    }

    /// A size beyond which a request is refused.
    private struct Bound: Sendable {
        let bytes: Int
        let status: Int
        let reason: String
        let part: String

        /// - Returns: nil when it is not too long.
        func refusal(of size: Int) -> Decision? {
            guard size > bytes else { return nil }
            return .refuse(
                status, reason: reason,
                message:
                    "The request's \(part) has \(size) bytes; at most \(bytes) are accepted here.")
        }
    }

    private let label: String
    private let methods: [[UInt8]]?
    private let methodList: String
    private let contentTypes: [MediaTypePattern]?
    private let contentTypeList: String
    private let requiredHeaders: [HeaderName]
    private let body: Bound?
    private let path: Bound?
    private let query: Bound?

    public init(_ configuration: Configuration, _ setup: Setup) {
        label = setup.label
        methods = configuration.methods.map { $0.map { Array($0.text.utf8) } }
        methodList = (configuration.methods ?? []).map(\.text).joined(separator: ", ")
        contentTypes = configuration.contentTypes
        contentTypeList = (configuration.contentTypes ?? []).map(\.text).joined(separator: ", ")
        requiredHeaders = configuration.requiredHeaders
        body = configuration.body.map {
            Bound(bytes: $0.bytes, status: 413, reason: "body_too_large", part: "body")
        }
        path = configuration.path.map {
            Bound(bytes: $0.bytes, status: 414, reason: "path_too_long", part: "path")
        }
        query = configuration.query.map {
            Bound(bytes: $0.bytes, status: 414, reason: "query_too_long", part: "query")
        }
    }

    public var decidesBy: RequestParts? {
        var parts: RequestParts = []
        if query != nil || contentTypes != nil || !requiredHeaders.isEmpty { parts.insert(.fields) }
        if body != nil { parts.insert(.bodies) }
        return parts
    }

    public func request(_ exchange: Exchange) -> Decision {
        let request = exchange.request
        return checkMethod(request)
            ?? path?.refusal(of: request.pathBytes.count)
            ?? query?.refusal(of: request.query?.count ?? 0)
            ?? checkRequiredHeaders(request)
            ?? checkContentType(request)
            ?? checkBody(exchange)
            ?? .proceed
    }

    private func checkMethod(_ request: Request) -> Decision? {
        guard let methods else { return nil }
        let isAccepted = request.methodBytes.withBytes { method in
            methods.contains { $0.withUnsafeBufferPointer { ASCII.equals($0, method) } }
        }
        if isAccepted { return nil }
        return .refuse(
            405, reason: "method_not_allowed",
            message:
                "The method \(Self.shown(request.methodBytes)) is not accepted here; expected \(methodList).",
            headers: [("allow", methodList)])
    }

    private func checkRequiredHeaders(_ request: Request) -> Decision? {
        guard let missing = requiredHeaders.first(where: { request.headers[$0]?.isEmpty ?? true })
        else { return nil }
        return .refuse(
            400, reason: "missing_header",
            message:
                "The field \(missing.string.lowercased()) is missing or empty; it is required here."
        )
    }

    /// Every Content-Type field must be of an accepted type: which of several the upstream would believe
    /// is not known.
    private func checkContentType(_ request: Request) -> Decision? {
        guard let contentTypes, request.contentLength != 0 else { return nil }
        var isThere = false
        var refused: Bytes?
        request.headers.forEach { name, value in
            guard refused == nil, name.equalsIgnoringCase("content-type") else { return }
            isThere = true
            let isAccepted = value.withBytes { bytes in
                MediaType(bytes).map { type in contentTypes.contains { $0.matches(type) } } ?? false
            }
            if !isAccepted { refused = value }
        }
        if isThere, refused == nil { return nil }
        let found = refused.map { "The content type \(Self.shown($0)) is not accepted here" }
        return .refuse(
            415, reason: "unsupported_content_type",
            message:
                "\(found ?? "The request has a body, and no Content-Type"); expected \(contentTypeList).",
            // RFC 9110 §15.5.16.
            headers: [("accept", contentTypeList)])
    }

    private func checkBody(_ exchange: Exchange) -> Decision? {
        guard let body else { return nil }
        if let length = exchange.request.contentLength { return body.refusal(of: length) }
        exchange.request.limitBody(to: body.bytes, by: label)
        return nil
    }

    /// What a client sent, in an error: not more of it than helps.
    private static func shown(_ bytes: Bytes) -> String {
        bytes.count <= 80 ? bytes.string : bytes.part(0..<80).string + "…"
    }
}
