import PluginAPI

/// The fields in which clients show their keys.
struct KeyFields: Sendable {
    private struct Field: Sendable {
        let name: HeaderName
        /// Whether a scheme stands before the key, as in every Authorization field.
        let isBearer: Bool
    }

    private let fields: [Field]
    /// How a client is to send its key.
    let instruction: String

    private static let bearer = "as Authorization: Bearer KEY"

    /// - Parameter header: the only field that is read; nil for Authorization and x-api-key.
    init(_ header: HeaderName?) {
        if let header {
            let isBearer = header.string.lowercased() == "authorization"
            fields = [Field(name: header, isBearer: isBearer)]
            instruction = isBearer ? Self.bearer : "in the field \(header.string)"
        } else {
            fields = [
                Field(name: "authorization", isBearer: true),
                Field(name: "x-api-key", isBearer: false),
            ]
            instruction = Self.bearer
        }
    }

    func key(in headers: Headers) -> PresentedKey {
        var found: Bytes?
        for field in fields {
            guard let place = headers.lastPlace(of: field.name, before: headers.count) else {
                continue
            }
            guard headers.lastPlace(of: field.name, before: place) == nil else { return .ambiguous }
            var key = headers.value(at: place).trimmed
            if field.isBearer {
                guard let token = Self.bearerToken(key) else { return .otherScheme }
                key = token
            }
            if key.isEmpty { continue }
            if let found, found != key { return .ambiguous }
            found = key
        }
        return found.map { .key($0) } ?? .missing
    }

    func remove(from headers: Headers) {
        for field in fields { headers.remove(field.name) }
    }

    /// What follows `Bearer` and spaces (RFC 6750 §2.1), empty where there is nothing; nil for another
    /// scheme.
    private static func bearerToken(_ credentials: Bytes) -> Bytes? {
        let scheme = credentials.part(0..<(credentials.firstIndex(of: 0x20) ?? credentials.count))
        guard scheme.isEmpty || scheme.equalsIgnoringCase("bearer") else { return nil }
        return credentials.part(scheme.count..<credentials.count).trimmed
    }
}
