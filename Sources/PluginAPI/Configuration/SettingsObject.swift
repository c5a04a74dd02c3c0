/// An object of plugins.json: a struct whose properties are `@Setting`s.
///
/// It can itself be the type of a setting, or of the elements of a list or a map; it cannot contain
/// itself, because its description has an end.
public protocol SettingsObject: SettingValue {
    /// Every setting at its default. Reading one that is required and not set is a programming error.
    init()

    /// Looks at settings together, after each has been found right by itself.
    ///
    /// Name settings relative to this object: `ConfigurationError(setting: "url", …)`.
    func validate() throws(ConfigurationError)
}

extension SettingsObject {
    public func validate() throws(ConfigurationError) {}

    public static var settingType: SettingType { .object(settings) }

    public init(setting value: ConfigurationValue) throws(ConfigurationError) {
        var errors = ConfigurationError.Collector()
        self = Self.partial(value, &errors)
        try errors.throwIfAny()
    }

    public var settingJSON: JSONValue {
        .object(
            Self.storages(of: self).map { key, setting in
                JSONValue.Member(key, setting.effectiveJSON)
            })
    }

    /// What can be set, in the order of declaration.
    public static var settings: [SettingDescription] {
        let described = storages(of: Self()).map(\.setting.description)
        precondition(
            Set(described.map(\.key)).count == described.count,
            "a setting declared twice in \(Self.self)")
        return described
    }
}

extension SettingsObject {
    /// Reads what can be read; a setting that is wrong keeps its default or stays unset.
    package static func partial(
        _ value: ConfigurationValue, _ errors: inout ConfigurationError.Collector
    ) -> Self {
        let object = Self()
        guard case .object(let members) = value.content else {
            errors.add(ConfigurationError(at: value, expected: "an object"))
            return object
        }
        let settings = storages(of: object)
        for member in members where !settings.contains(where: { $0.key == member.name }) {
            errors.add(.unknownKey(member, known: settings.map(\.key)))
        }
        let before = errors.count
        for (key, setting) in settings {
            let given = members.first { $0.name == key }
            errors.collect { () throws(ConfigurationError) in
                try setting.fill(from: given?.value, in: value)
            }
        }
        if errors.count == before {
            do throws(ConfigurationError) {
                try object.validate()
            } catch {
                errors.add(error.located(in: value))
            }
        }
        return object
    }

    fileprivate static func storages(of object: Self) -> [(key: String, setting: any AnySetting)] {
        Mirror(reflecting: object).children.compactMap { child in
            (child.value as? any AnySetting).map { ($0.key, $0) }
        }
    }
}
