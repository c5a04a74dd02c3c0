import PluginAPI

/// A field of the request that records include because the operator asked for it.
struct IncludedField: Sendable {
    private let name: HeaderName
    /// `"user-agent":`
    private let key: String
    private let isSecret: Bool

    init(_ name: HeaderName) {
        self.name = name
        let lowercased = name.string.lowercased()
        key = "\(JSONValue.string(lowercased)):"
        isSecret = Secrecy.isSecret(field: lowercased)
    }

    /// Several values become one, as RFC 9110 §5.3 joins them; the key is always there.
    func append(_ headers: Headers, to line: JSONBuffer) {
        line.appendVerbatim(key)
        var isFirst = true
        for place in headers.places where name.matches(headers.name(at: place)) {
            if isSecret { return line.append("\"[redacted]\"") }
            line.append(isFirst ? "\"" : ", ")
            headers.value(at: place).withBytes { line.appendEscaped($0) }
            isFirst = false
        }
        line.append(isFirst ? "null" : "\"")
    }
}
