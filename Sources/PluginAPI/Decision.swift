/// What a plugin decides about a request.
public enum Decision: Sendable {
    /// Goes on to the next plugin, and after the last one to the upstream.
    case proceed
    /// Ends the request with an error answer. In `observe` mode it is counted and let through.
    case refuse(Refusal)
    /// Ends the request with an answer of the plugin's own. In `observe` mode it is counted and let through.
    case answer(Answer)

    /// Refuses with a status and a reason.
    /// - Parameters:
    ///   - status: 400 to 599.
    ///   - reason: `snake_case`, one of a small fixed set: it is a label in metrics and the `code` that clients see.
    ///   - message: a sentence for the person behind the client; the reason's words when nil.
    ///   - headers: fields to add to the answer, such as `Retry-After`.
    public static func refuse(
        _ status: Int, reason: String, message: String? = nil, headers: [(String, String)] = []
    ) -> Decision {
        .refuse(Refusal(status: status, reason: reason, message: message, headers: headers))
    }
}

/// An error answer: the engine writes it in the form that clients parse.
public struct Refusal: Sendable {
    public var status: Int
    public var reason: String
    public var message: String?
    public var headers: [(String, String)]

    public init(
        status: Int, reason: String, message: String? = nil, headers: [(String, String)] = []
    ) {
        self.status = status
        self.reason = reason
        self.message = message
        self.headers = headers
    }
}

/// A whole answer made by a plugin.
public struct Answer: Sendable {
    public var status: Int
    /// Why the plugin answered, as a metrics label: `snake_case`, one of a small fixed set.
    public var reason: String
    public var headers: [(String, String)]
    public var body: [UInt8]

    public init(
        status: Int = 200, reason: String = "answered", headers: [(String, String)] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
    }
}

/// What becomes of a run of answer bytes.
public enum BodyDecision: Sendable {
    /// They go on unchanged.
    case pass
    /// These go on instead; an empty array drops the run.
    case replace([UInt8])
    /// These go on instead, and the answer ends with them: the upstream is left. A plugin may end only an
    /// answer for which it has called `bodyWillChange()`.
    case end([UInt8])
}
