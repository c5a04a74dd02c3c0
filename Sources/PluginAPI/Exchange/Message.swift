// Stored properties go without run-time exclusivity checks: no code of others runs while one of
// them is modified, and the checks cost more than parsing does.

/// The head of a request.
public final class Request {
    /// The fields, in the order in which they came. Changes are sent upstream.
    public let headers = Headers()

    @exclusivity(unchecked) package var method = Method.get
    @exclusivity(unchecked) package var methodRange = ByteRange.empty
    @exclusivity(unchecked) package var targetRange = ByteRange.empty
    @exclusivity(unchecked) package var pathRange = ByteRange.empty
    @exclusivity(unchecked) package var queryRange: ByteRange?
    /// The minor version of HTTP/1: 0 or 1.
    @exclusivity(unchecked) public package(set) var minorVersion = 1
    /// The announced length of the body in bytes; 0 when there is none, nil when it is chunked.
    @exclusivity(unchecked) public package(set) var contentLength: Int? = 0
    @exclusivity(unchecked) package var replacedBody: [UInt8]?
    /// The lengths that the body may have by plugins' word, and that it has not passed.
    @exclusivity(unchecked) private var bodyBounds: ContiguousArray<BodyBound> = []
    /// The least of them.
    @exclusivity(unchecked) package private(set) var bodyBound = Int.max

    /// How long the body may be, in bytes, by a plugin's word.
    package struct BodyBound {
        package let bytes: Int
        package let plugin: String
    }

    package init() {}

    /// Whether sending it twice has the effect of sending it once (RFC 9110 §9.2.2).
    public var isIdempotent: Bool { method.isIdempotent }

    /// The method as sent: `GET`.
    public var methodName: String { methodBytes.string }
    public var methodBytes: Bytes { headers.bytes(methodRange) }

    /// The target exactly as sent, with the query: `/v1/models?limit=3`.
    public var target: Bytes { headers.bytes(targetRange) }

    /// The target's path, exactly as sent. Makes a `String`; use `pathBytes` where every request counts.
    public var path: String { pathBytes.string }
    public var pathBytes: Bytes { headers.bytes(pathRange) }

    /// What follows the first `?`; nil without one.
    public var query: Bytes? { queryRange.map { headers.bytes($0) } }

    /// Sends this body instead of the client's. Only from a `WholeRequestPhase`.
    public func replaceBody(_ bytes: [UInt8]) {
        replacedBody = bytes
    }

    /// Refuses the request as soon as more of its body has come, with 413 and the reason `body_too_large`.
    /// It counts as the plugin's decision, and where the plugin is observed, it is no more than counted.
    ///
    /// For a body whose length is not announced (`contentLength` is nil), in the request phase.
    /// - Parameter label: the plugin's, `setup.label`.
    public func limitBody(to bytes: Int, by label: String) {
        bodyBounds.append(BodyBound(bytes: bytes, plugin: label))
        bodyBound = min(bodyBound, bytes)
    }

    /// Forgets the least of the bounds, if a body of so many bytes passes it.
    package func takeBound(passedBy count: Int) -> BodyBound? {
        guard count > bodyBound,
            let index = bodyBounds.firstIndex(where: { $0.bytes == bodyBound })
        else { return nil }
        let passed = bodyBounds.remove(at: index)
        bodyBound = bodyBounds.reduce(.max) { min($0, $1.bytes) }
        return passed
    }

    /// Changes what the upstream is asked for; the path that plugins see stays the client's.
    package func setTarget(_ target: String) {
        var target = target
        targetRange = target.withUTF8 { headers.storage.append($0) }
    }

    package func reset() {
        headers.removeAll()
        method = .get
        methodRange = .empty
        targetRange = .empty
        pathRange = .empty
        queryRange = nil
        minorVersion = 1
        contentLength = 0
        replacedBody = nil
        bodyBound = .max
        if !bodyBounds.isEmpty { bodyBounds.removeAll(keepingCapacity: true) }
    }
}

/// The head of an answer.
public final class Response {
    /// The fields, in the order in which they came. Changes are sent to the client.
    public let headers = Headers()
    /// 100 to 599; 0 while there is no answer.
    @exclusivity(unchecked) public var status = 0
    @exclusivity(unchecked) public package(set) var source = Source.upstream
    /// The announced length of the body in bytes; nil when it is not known.
    @exclusivity(unchecked) public package(set) var contentLength: Int?
    @exclusivity(unchecked) package var bodyIsChanged = false
    /// How many body bytes the head waits for.
    @exclusivity(unchecked) package var headHold = 0
    /// Whether the head can still be changed though bytes of the body have been seen; see `holdHead`.
    @exclusivity(unchecked) public package(set) var headIsHeld = false

    public enum Source: Sendable {
        case upstream
        /// Made by the proxy: an error, a refusal, or a plugin's answer.
        case proxy
    }

    package init() {}

    /// What the client is sent when it has been sent nothing for so long, and again each time that this
    /// much has passed: `: still here\n\n`. Only where a body of unknown length is under way; response
    /// body phases do not see it, and may change it from run to run. Nil sends nothing.
    @exclusivity(unchecked) public var filler: Filler?

    /// Whether a head has gone out before the upstream's came (`Exchange.earlyHead`): the client has its
    /// status and fields already, and what is made of this one reaches it by the body alone.
    @exclusivity(unchecked) public package(set) var isCommitted = false

    /// Announces that the body phase may replace bytes: the length is then not announced to the client.
    public func bodyWillChange() {
        bodyIsChanged = true
        contentLength = nil
    }

    /// Keeps the head of an upstream's answer back until its body is whole, or longer than so many bytes:
    /// then body phases can still change it, while `headIsHeld`. Call it in the response head phase, and
    /// never for a stream.
    public func holdHead(atMost bytes: Int) { headHold = max(headHold, bytes) }

    package func reset() {
        headers.removeAll()
        headHold = 0
        headIsHeld = false
        if filler != nil { filler = nil }
        isCommitted = false
        status = 0
        source = .upstream
        contentLength = nil
        bodyIsChanged = false
    }
}

/// The methods that the engine itself tells apart.
@usableFromInline
package enum Method: Sendable {
    case get, head, post, put, delete, options, patch, connect, trace, other

    /// Whether sending the request twice has the effect of sending it once (RFC 9110 §9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}
