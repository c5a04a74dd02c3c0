import PluginAPI

/// What each field counts for in a fingerprint, by its name, without case and without allocation.
struct FieldRoles: Sendable {
    enum Role: Sendable {
        /// Nothing: it comes and goes with what is asked, or with the way that the request took.
        case ignored
        /// The name as it is written, and its place.
        case name
        /// The value as well.
        case value
    }

    private struct Slot: Sendable {
        var hash: UInt64 = 0
        /// Nil where there is no field.
        var role: Role?
    }

    /// By the hash of the name, in the next one where that is taken. A power of two, and at least four
    /// times as many as fields: most names lead to an empty one.
    private let slots: [Slot]

    /// - Parameters:
    ///   - ignored: what is ignored beside `PassingFields`.
    ///   - values: whose values count; they win over what is ignored.
    init(ignored: [HeaderName], values: [HeaderName]) {
        var roles: [UInt64: Role] = [:]
        for name in PassingFields.names + ignored { roles[Self.hash(name)] = .ignored }
        for name in values { roles[Self.hash(name)] = .value }

        var size = 64
        while size < 4 * roles.count { size *= 2 }
        var slots = [Slot](repeating: Slot(), count: size)
        for (hash, role) in roles {
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[place].role != nil { place = (place + 1) & (size - 1) }
            slots[place] = Slot(hash: hash, role: role)
        }
        self.slots = slots
    }

    func role(of name: UnsafeBufferPointer<UInt8>) -> Role {
        let hash = StableHash.withoutCase(name)
        var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while let role = slots[place].role {
            if slots[place].hash == hash { return role }
            place = (place + 1) & (slots.count - 1)
        }
        return .name
    }

    private static func hash(_ name: HeaderName) -> UInt64 {
        Array(name.string.utf8).withUnsafeBufferPointer(StableHash.withoutCase)
    }
}
