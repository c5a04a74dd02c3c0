import PluginAPI

/// The fields in which clients show their keys.
struct KeyFields: Sendable {
    private struct Field: Sendable {
        private let name: [UInt8]
        /// Whether a scheme stands before the key, as in every Authorization field.
        let isBearer: Bool

        init(_ name: String, isBearer: Bool) {
            self.name = Array(name.utf8)
            self.isBearer = isBearer
        }

        @inline(__always)
        func isNamed(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
            name.count == self.name.count
                && self.name.withUnsafeBufferPointer { ASCII.equalsIgnoringCase($0, name) }
        }
    }

    private let field: Field
    /// Another one beside it.
    private let other: Field?
    /// How a client is to send its key.
    let instruction: String

    private static let bearer = "as Authorization: Bearer KEY"

    /// - Parameter header: the only field that is read; nil for Authorization and x-api-key.
    init(_ header: HeaderName?) {
        if let header {
            let isBearer = header.string.lowercased() == "authorization"
            field = Field(header.string, isBearer: isBearer)
            other = nil
            instruction = isBearer ? Self.bearer : "in the field \(header.string)"
        } else {
            field = Field("authorization", isBearer: true)
            other = Field("x-api-key", isBearer: false)
            instruction = Self.bearer
        }
    }

    func key(in headers: Headers) -> PresentedKey {
        let shown = Self.key(field, in: headers)
        guard let other else { return shown }
        switch (shown, Self.key(other, in: headers)) {
        case (.ambiguous, _), (.otherScheme, _): return shown
        case (.missing, let another): return another
        case (.key, .missing): return shown
        case (.key(let key), .key(let another)) where key == another: return shown
        case (.key, _): return .ambiguous
        }
    }

    private static func key(_ field: Field, in headers: Headers) -> PresentedKey {
        var (place, last, count) = (0, 0, 0)
        headers.forEachBytes { name, _ in
            if field.isNamed(name) {
                last = place
                count += 1
            }
            place += 1
        }
        if count == 0 { return .missing }
        if count > 1 { return .ambiguous }
        var key = headers.value(at: last).trimmed
        if field.isBearer {
            guard let token = bearerToken(key) else { return .otherScheme }
            key = token
        }
        return key.isEmpty ? .missing : .key(key)
    }

    func remove(from headers: Headers) {
        for place in headers.places.reversed() {
            let name = headers.storage.slice(headers.fields[place].name)
            if field.isNamed(name) || other?.isNamed(name) ?? false {
                headers.fields.remove(at: place)
            }
        }
    }

    /// What follows `Bearer` and spaces (RFC 6750 §2.1), empty where there is nothing; nil for another
    /// scheme.
    /// - Parameter credentials: without white space around them.
    private static func bearerToken(_ credentials: Bytes) -> Bytes? {
        let scheme: StaticString = "bearer"
        let length = scheme.utf8CodeUnitCount
        let isBearer = credentials.withBytes { credentials in
            let start = UnsafeBufferPointer(rebasing: credentials.prefix(length))
            return ASCII.equalsIgnoringCase(
                start, UnsafeBufferPointer(start: scheme.utf8Start, count: length))
                && (credentials.count == length || credentials[length] == 0x20)
        }
        if isBearer { return credentials.part(length..<credentials.count).trimmed }
        return credentials.isEmpty ? credentials : nil
    }
}
