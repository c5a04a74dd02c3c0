import PluginAPI

/// What a request tells of the program that made it: the names of its fields, their order and case, the
/// values of chosen ones, and the version of HTTP. Neither what is asked for nor who asks is in it.
struct Fingerprint: Sendable {
    private let roles: FieldRoles

    init(ignored: [HeaderName], values: [HeaderName]) {
        roles = FieldRoles(ignored: ignored, values: values)
    }

    /// The same in every process for the same settings. No allocation.
    func value(of request: Request) -> UInt64 {
        var hash = StableHash(seed: UInt64(request.minorVersion))
        request.headers.forEachBytes { name, value in
            switch roles.role(of: name) {
            case .ignored: return
            case .name: hash.combine(name, kind: 0)
            case .value:
                hash.combine(name, kind: 0)
                hash.combine(value, kind: 1)
            }
        }
        return hash.value
    }
}
