/// The differences between the proxy's reading and libcurl's that are meant to be: ours is stricter. Each
/// is told by the answer's bytes; docs/decisions/answers-read-strictly.md has the reasons.
enum AnswerDifference: Hashable {
    /// libcurl forgives what is against the RFC.
    case fault(AnswerFault)
    /// All is there but the LF of the last line.
    case lastLineFeed
    /// Behind the body stands a field that is to be known before it, which is dropped.
    case earlyTrailer
    /// A 1xx or 204 announces a body, so one may come: the connection is not kept.
    case forbiddenBody
    /// HTTP/1.0, with `close` besides `keep-alive`, or with an option that only contains `keep-alive`: the
    /// connection is not kept.
    case keepAliveInHTTP10
    /// An option that only contains `close` does not close the connection.
    case closeInOption
    /// There are bytes behind the answer: the connection is not kept.
    case bytesBehind

    /// A minor version of HTTP/1 that nobody knows, which is read as the highest known one.
    case laterVersion

    var name: String {
        switch self {
        case .fault(let fault): fault.rawValue
        case .lastLineFeed: "a last line without its LF"
        case .earlyTrailer: "a trailer that belongs before the body"
        case .forbiddenBody: "a body announced with 1xx or 204"
        case .keepAliveInHTTP10: "keep-alive in HTTP/1.0, and close"
        case .closeInOption: "an option that contains close"
        case .bytesBehind: "bytes behind the answer"
        case .laterVersion: "a later minor version"
        }
    }

    static func lacksLastLineFeed(_ answer: borrowing SpoiledAnswer) -> Bool {
        answer.bytes.last == 0x0D
            && AnswerReading(answer.bytes + [0x0A], answersHead: answer.answersHead).end == .whole
    }

    /// The lines, without fields that frame, route or check a message or are acted on before its body
    /// (RFC 9110 §6.5.1).
    static func withoutEarlyFields(_ lines: [UInt8]) -> [UInt8] {
        var left: [UInt8] = []
        for line in lines.split(separator: 0x0A) {
            let name = String(decoding: line.prefix { $0 != 0x3A }, as: UTF8.self).lowercased()
            if !earlyFields.contains(name) { left += line + [0x0A] }
        }
        return left
    }

    private static let earlyFields: Set = [
        "accept-ranges", "age", "authorization", "cache-control", "connection", "content-encoding",
        "content-range", "content-type", "cookie", "date", "expect", "expires", "forwarded",
        "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
        "location",
        "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "range",
        "retry-after", "set-cookie", "te", "trailer", "upgrade", "vary", "via", "warning",
        "www-authenticate", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ]
}
