import PluginAPI

/// Reads the fields behind a chunked body (RFC 9112 §7.1.2).
struct TrailerSection: Sendable {
    private var section = FieldSection(start: 0, copyingFrom: 0)
    private var fields = TrailerFields()

    mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>, into headers: Headers?, limits: HeadLimits
    ) -> ParseResult {
        let result = section.read(bytes, into: headers, limits: limits, reader: &fields)
        if case .head = result, let headers { Self.dropForbidden(from: headers) }
        return result
    }

    /// Fields that a recipient acts on before the body (RFC 9110 §6.5.1): behind it they would be
    /// taken for something that was checked.
    private static func dropForbidden(from headers: Headers) {
        headers.fields.removeAll { field in
            field.id != .other || isForbidden(headers.storage.slice(field.name))
        }
    }

    private static func isForbidden(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let names: [StaticString] = [
            "accept-ranges", "age", "authorization", "cache-control", "content-encoding",
            "content-range", "content-type", "cookie", "expires", "if-match", "if-modified-since",
            "if-none-match", "if-range", "if-unmodified-since", "location", "max-forwards",
            "pragma", "range", "retry-after", "set-cookie", "vary", "warning", "www-authenticate",
        ]
        return names.contains { name.equalsIgnoringCase($0) }
    }
}
