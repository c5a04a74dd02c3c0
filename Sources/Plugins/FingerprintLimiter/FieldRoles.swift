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

    private struct Entry: Sendable {
        let start: Int
        let count: Int
        let role: Role
    }

    /// A power of two, and at least four times as many as the entries: most names lead to an empty one.
    private let slots: [UInt16]
    private let entries: [Entry]
    /// The names of the entries, one after the other.
    private let names: [UInt8]

    /// - Parameters:
    ///   - ignored: what is ignored beside `PassingFields`.
    ///   - values: whose values count; they win over what is ignored.
    init(ignored: [HeaderName], values: [HeaderName]) {
        var roles: [String: Role] = [:]
        for name in PassingFields.names { roles[name] = .ignored }
        for name in ignored { roles[name.string.lowercased()] = .ignored }
        for name in values { roles[name.string.lowercased()] = .value }

        var size = 64
        while size < 4 * roles.count { size *= 2 }
        var slots = [UInt16](repeating: 0, count: size)
        var entries: [Entry] = []
        var names: [UInt8] = []
        for (name, role) in roles {
            let bytes = Array(name.utf8)
            var slot = bytes.withUnsafeBufferPointer(Self.slot) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            entries.append(Entry(start: names.count, count: bytes.count, role: role))
            names += bytes
            slots[slot] = UInt16(entries.count)
        }
        (self.slots, self.entries, self.names) = (slots, entries, names)
    }

    /// - Precondition: `name` is not empty.
    func role(of name: UnsafeBufferPointer<UInt8>) -> Role {
        var slot = Self.slot(of: name) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.count == name.count, isName(of: entry, name) { return entry.role }
            slot = (slot + 1) & (slots.count - 1)
        }
        return .name
    }

    private func isName(of entry: Entry, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        names.withUnsafeBufferPointer {
            ASCII.equalsIgnoringCase(
                name, UnsafeBufferPointer(rebasing: $0[entry.start..<entry.start + entry.count]))
        }
    }

    /// The length and three letters tell nearly all fields apart.
    private static func slot(of name: UnsafeBufferPointer<UInt8>) -> Int {
        let count = name.count
        func letter(_ position: Int) -> UInt32 { UInt32(name[position] | 0x20) }
        let key =
            letter(0) << 24 | letter(count / 2) << 16 | letter(count - 1) << 8
            | UInt32(truncatingIfNeeded: count)
        return Int(key &* 0x9E37_79B1 >> 16)
    }
}
