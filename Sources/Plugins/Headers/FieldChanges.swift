import PluginAPI

/// What changes in one kind of head: first fields are removed, then set, then added.
public struct FieldChanges: SettingsObject {
    @Setting("remove", "Fields to remove.")
    public var remove: [HeaderName] = []

    @Setting("set", "Fields to have exactly one value, whatever came.")
    public var set = NamedValues<String>()

    @Setting("add", "Fields to add beside those of the same name.")
    public var add = NamedValues<String>()

    public init() {}

    /// What is wrong with them, named by key paths that begin with `place`.
    func errors(at place: String, untouchable: UntouchableFields) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        func check(_ name: String, at setting: String, by change: UntouchableFields.Change) {
            if HeaderName(name) == nil {
                let written = JSONValue.string(name)
                errors.append(
                    ConfigurationError(
                        setting: setting, expected: HeaderName.settingType.expected,
                        found: "\(written)"))
            } else if let reason = untouchable.reason(against: change, of: name) {
                errors.append(ConfigurationError(setting: setting, "\"\(name)\" \(reason)"))
            }
        }
        for (index, name) in remove.enumerated() {
            check(name.string, at: "\(place).remove[\(index)]", by: .remove)
        }
        for (key, values, change) in [("set", set, .set), ("add", add, .add)]
            as [(String, NamedValues<String>, UntouchableFields.Change)]
        {
            for (name, value) in values {
                let setting = "\(place).\(key).\(name)"
                check(name, at: setting, by: change)
                if !value.utf8.allSatisfy(ASCII.isFieldByte) {
                    errors.append(
                        ConfigurationError(
                            setting: setting,
                            expected: "a field value without line breaks and controls",
                            found: "\(JSONValue.string(value))"))
                }
            }
        }
        let names = set.map { $0.name.lowercased() }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            errors.append(
                ConfigurationError(
                    setting: "\(place).set.\(set[index].name)",
                    "\"\(name)\" is set twice; names are compared without case"))
        }
        return errors
    }
}
