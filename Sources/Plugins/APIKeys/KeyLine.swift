import PluginAPI

/// One line of a file of keys: `HASH IDENTITY`, then terms such as `tier=gold limits=60/m,1000/h`.
struct KeyLine {
    let text: ArraySlice<UInt8>
    /// From 1.
    let number: Int

    private enum Term: String, CaseIterable {
        case tier, limits, models, routes, expires
    }

    /// Nil for a line without a key.
    func record() throws(ConfigurationError) -> KeyRecord? {
        let fields = text.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            .prefix { $0.first != UInt8(ascii: "#") }
        guard let hash = fields.first else { return nil }
        guard let digest = SHA256(hexadecimal: hash) else {
            // The key itself may stand here, or in any other wrong place: it is not repeated.
            throw ConfigurationError(
                at: value(hash, of: "hash").hidden, expected: KeyHash.settingType.expected)
        }
        guard fields.count > 1 else {
            throw ConfigurationError(
                at: value(text[hash.endIndex..<hash.endIndex], of: "identity"),
                "expected \(KeyName.settingType.expected), found the end of the line")
        }
        let identity = try KeyName(setting: value(fields[fields.startIndex + 1], of: "identity"))
        let terms = try terms(fields.dropFirst(2))
        return KeyRecord(
            digest: digest, grant: KeyGrant(identity: identity.text, terms: terms),
            place: .line(number))
    }

    private func terms(_ fields: ArraySlice<ArraySlice<UInt8>>) throws(ConfigurationError)
        -> KeyTerms
    {
        var terms = KeyTerms()
        var given: Set<Term> = []
        for field in fields {
            let name = field.prefix { $0 != UInt8(ascii: "=") }
            guard name.endIndex < field.endIndex,
                let term = Term(rawValue: String(decoding: name, as: UTF8.self))
            else {
                let names = Term.allCases.map { "\($0)=" }.joined(separator: ", ")
                throw ConfigurationError(
                    at: value(field, of: "term").hidden, expected: "one of \(names)")
            }
            guard given.insert(term).inserted else {
                throw ConfigurationError(at: value(field, of: "term"), "\(term)= stands twice")
            }
            let content = field[(name.endIndex + 1)...]
            switch term {
            case .tier: terms.tier = try KeyName(setting: value(content, of: "tier")).text
            case .limits: terms.limits = try list(content, of: "limits")
            case .models: terms.models = try list(content, of: "models")
            case .routes: terms.routes = try (list(content, of: "routes") as [KeyName]).map(\.text)
            case .expires: terms.expires = try WallTime(setting: value(content, of: "expires"))
            }
        }
        return terms
    }

    private func list<Value: SettingValue>(_ field: ArraySlice<UInt8>, of name: String)
        throws(ConfigurationError) -> [Value]
    {
        var values: [Value] = []
        for part in field.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            values.append(try Value(setting: value(part, of: name)))
        }
        return values
    }

    /// A part of the line with the place where it stands, for what reads settings.
    private func value(_ part: ArraySlice<UInt8>, of name: String) -> ConfigurationValue {
        // Bytes that go on with a character are no column of their own.
        let column = text[..<part.startIndex].count { $0 & 0xC0 != 0x80 } + 1
        return ConfigurationValue(
            .string(String(decoding: part, as: UTF8.self)),
            position: ConfigurationValue.Position(line: number, column: column),
            path: .key(.root, name))
    }
}
