import PluginAPI

/// What a limiter or a budget counts by: one part or a combination.
struct LimitKey: Sendable {
    /// What becomes of a request that has not all parts.
    enum WhenMissing: String, SettingChoice {
        /// All that lack a part are counted together.
        case shared
        /// It is not limited.
        case skip
    }

    private let parts: [KeyPart]
    private let whenMissing: WhenMissing

    init(_ parts: [KeyPart], _ whenMissing: WhenMissing) {
        self.parts = parts
        self.whenMissing = whenMissing
    }

    /// Whether the parts make a key, for the setting `key`.
    static func check(_ parts: [KeyPart]) throws(ConfigurationError) {
        let names = parts.map(\.name)
        if names.count > 1, let place = names.firstIndex(of: KeyPart.everyone.name) {
            throw ConfigurationError(
                setting: "key[\(place)]",
                "\"everyone\" is a key by itself; remove it or the others")
        }
        if let place = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw ConfigurationError(
                setting: "key[\(place)]", "\"\(names[place])\" stands here twice")
        }
    }

    /// Whether it reads a fact; true for those that no key is made of.
    func uses(_ fact: any FactDeclaration) -> Bool {
        let part: KeyPart
        switch fact.name {
        case Facts.identity.name: part = .identity
        case Facts.tier.name: part = .tier
        case Facts.model.name: part = .model
        case Facts.clientAddress.name: part = .address
        default: return true
        }
        return parts.contains { $0.name == part.name }
    }

    /// Whether a part of it is a field of the request.
    var isOfFields: Bool {
        parts.contains { if case .header = $0 { true } else { false } }
    }

    var name: String { parts.map(\.name).joined(separator: "+") }

    /// - Returns: nil when the request is not limited.
    func key(of exchange: Exchange) -> StateKey? {
        if parts.count == 1 {
            // Alone it needs no copy.
            if case .everyone = parts[0] { return .everyone }
            if case .address = parts[0], let address = exchange.clientAddress {
                return StateKey(Network(ofClient: address))
            }
            if let value = parts[0].value(of: exchange) { return StateKey(Self.escaped(value)) }
        }
        return text(of: exchange, after: "").map { StateKey($0) }
    }

    /// The same for what is counted anew in each period.
    /// - Parameter period: its name, without a `|`.
    func key(of exchange: Exchange, in period: String) -> StateKey? {
        text(of: exchange, after: period + "|").map { StateKey($0) }
    }

    private func text(of exchange: Exchange, after prefix: String) -> String? {
        var key = prefix
        for (index, part) in parts.enumerated() {
            if index > 0 { key += "|" }
            if let value = part.value(of: exchange) {
                key += Self.escaped(value)
            } else if whenMissing == .skip {
                return nil
            } else {
                // No value is written like this, because its backslashes are doubled.
                key += "\\-"
            }
        }
        return key
    }

    /// So that different values never make the same key.
    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: "\\") })
        else { return value }
        return value.replacing("\\", with: "\\\\").replacing("|", with: "\\|")
    }
}
