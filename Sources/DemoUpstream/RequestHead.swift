/// A request's line and header fields as they came.
///
/// Bytes are kept as the code points of the same numbers (ISO 8859-1), so that nothing is lost or changed.
struct RequestHead {
    struct Field {
        let name: String
        let value: String
    }

    let method: String
    let target: String
    /// The digit after `HTTP/1.`.
    let minorVersion: Int
    let fields: [Field]
    let framing: BodyFraming

    /// The target's path, without scheme, authority and query.
    var path: Substring { target[pathRange] }

    /// The target's query, without the question mark.
    var query: Substring? {
        pathRange.upperBound == target.endIndex
            ? nil : target[target.index(after: pathRange.upperBound)...]
    }

    /// The values of every field of this name (lower case), in order.
    func values(of name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// Whether a comma-separated field such as Connection lists this word (lower case).
    func lists(_ word: String, in name: String) -> Bool {
        values(of: name).contains { value in
            value.split(separator: ",").contains { $0.trimmingBlanks().lowercased() == word }
        }
    }

    /// Whether the client keeps the connection for another request (RFC 9112 §9.3).
    var keepsConnection: Bool {
        if lists("close", in: "connection") { return false }
        return minorVersion >= 1 || lists("keep-alive", in: "connection")
    }

    private var pathRange: Range<String.Index> {
        var start = target.startIndex
        if !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") {
            start = target[scheme.upperBound...].firstIndex(of: "/") ?? target.endIndex
        }
        return start..<(target[start...].firstIndex(of: "?") ?? target.endIndex)
    }
}

/// How a request's body is delimited (RFC 9112 §6.3).
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked
}

extension StringProtocol {
    /// Without the spaces and tabs at both ends.
    func trimmingBlanks() -> SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let head = drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return head }
        return head[...last]
    }
}
