import PluginAPI

/// The plugins that plugins.json can name.
public struct PluginRegistry: Sendable {
    /// In the order of registration.
    package let types: [any Plugin.Type]
    private let byName: [String: any Plugin.Type]

    /// - Precondition: no name stands twice.
    public init(_ types: [any Plugin.Type]) {
        self.types = types
        byName = Dictionary(types.map { ($0.name, $0) }) { first, second in
            preconditionFailure("two plugins named \(first.name): \(first) and \(second)")
        }
    }

    package var names: [String] { types.map { $0.name } }

    package subscript(name: String) -> (any Plugin.Type)? { byName[name] }
}

extension PluginRegistry {
    /// A plugin made from its entry's `config`.
    struct Built {
        let instance: any Plugin
        /// Its settings with their defaults, without what must not be shown.
        let configuration: JSONValue
    }

    /// - Parameter config: the object under `config`, or an empty one in its place.
    static func build(
        _ type: any Plugin.Type, _ config: ConfigurationValue, _ setup: Setup
    ) throws(ConfigurationError) -> Built {
        func build<Made: Plugin>(_ type: Made.Type) throws(ConfigurationError) -> Built {
            let configuration = try Made.Configuration(setting: config)
            do {
                return Built(
                    instance: try Made(configuration, setup),
                    configuration: configuration.settingJSON)
            } catch let error as ConfigurationError {
                throw error.located(in: config)
            } catch {
                throw ConfigurationError(at: config, "\(error)")
            }
        }
        return try build(type)
    }
}
