import PluginAPI

/// The JSON Schema (draft 2020-12) of plugins.json, for editors.
package enum ConfigurationSchema {
    package static func make(_ registry: PluginRegistry) -> JSONValue {
        let root = object(RootSettings.settings)
        let about: [JSONValue.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("title", "plugins.json"),
            .init(
                "description",
                "What Sluice listens to, where it passes requests on, and through which plugins."),
        ]
        let definitions: JSONValue = [
            "pluginEntry": pluginEntry(registry),
            "substituted": [
                "description": "A value from the environment or from a file.", "type": "string",
                "pattern": .string(substitution),
            ],
        ]
        return .object(about + root + [.init("$defs", definitions)])
    }

    /// Where it stands in a string, the string is some other by the time that it is read.
    private static let substitution = #"\$\{"#

    private static func object(_ settings: [SettingDescription]) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [.init("type", "object")]
        members.append(
            .init("properties", .object(settings.map { .init($0.key, property($0)) })))
        let required = settings.filter(\.isRequired).map { JSONValue.string($0.key) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        members.append(.init("additionalProperties", false))
        return members
    }

    private static func property(_ setting: SettingDescription) -> JSONValue {
        var text = setting.meaning
        if let bounds = setting.bounds { text += " (\(bounds))" }
        var members: [JSONValue.Member] = [.init("description", .string(text))]
        members += type(setting.type) + setting.boundsSchema
        if let value = setting.defaultValue { members.append(.init("default", value)) }
        return .object(members)
    }

    private static func type(_ type: SettingType) -> [JSONValue.Member] {
        switch type.shape {
        case .any: []
        case .boolean: orSubstituted(["type": "boolean"])
        case .integer: orSubstituted(["type": "integer"])
        case .number: orSubstituted(["type": "number"])
        case .choice(let names): orSubstituted(["enum": .array(names.map { .string($0) })])
        case .string, .notation(nil): [.init("type", "string")]
        case .notation(let pattern?):
            [.init("type", "string"), .init("pattern", .string("(\(pattern))|\(substitution)"))]
        case .list(let element):
            [.init("type", "array"), .init("items", .object(self.type(element)))]
        case .map(let value):
            [.init("type", "object"), .init("additionalProperties", .object(self.type(value)))]
        case .object(let settings): object(settings)
        case .optional(let wrapped):
            [.init("anyOf", [.object(self.type(wrapped)), ["type": "null"]])]
        case .either(let types):
            [.init("anyOf", .array(types.map { .object(self.type($0)) }))]
        case .reference(let name): [.init("$ref", .string("#/$defs/\(name)"))]
        }
    }

    private static func orSubstituted(_ schema: JSONValue) -> [JSONValue.Member] {
        [.init("anyOf", [schema, ["$ref": "#/$defs/substituted"]])]
    }

    // MARK: Plugins

    /// An entry whose `config` depends on its `plugin`.
    private static func pluginEntry(_ registry: PluginRegistry) -> JSONValue {
        let members = object(PluginEntrySettings.settings).map { member in
            member.name == "properties"
                ? .init("properties", member.value.replacing("plugin", name(registry))) : member
        }
        let cases = registry.types.map { plugin($0) }
        return .object(members + (cases.isEmpty ? [] : [.init("allOf", .array(cases))]))
    }

    private static func name(_ registry: PluginRegistry) -> JSONValue {
        [
            "description": "The plugin's name.",
            "anyOf": [
                [
                    "oneOf": .array(
                        registry.types.map {
                            ["const": .string($0.name), "description": .string($0.summary)]
                        })
                ],
                ["$ref": "#/$defs/substituted"],
            ],
        ]
    }

    private static func plugin(_ type: any Plugin.Type) -> JSONValue {
        func settings<Made: Plugin>(_: Made.Type) -> [SettingDescription] {
            Made.Configuration.settings
        }
        let settings = settings(type)
        var then: [JSONValue.Member] = [
            .init("properties", ["config": .object(object(settings))])
        ]
        if settings.contains(where: \.isRequired) { then.append(.init("required", ["config"])) }
        return [
            "if": [
                "properties": ["plugin": ["const": .string(type.name)]], "required": ["plugin"],
            ],
            "then": .object(then),
        ]
    }
}
