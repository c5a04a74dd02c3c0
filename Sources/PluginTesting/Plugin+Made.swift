import PluginAPI
import Proxy

extension Plugin {
    /// Makes an instance from the JSON text of its configuration, by the code that reads plugins.json.
    /// - Throws: `ConfigurationError`.
    static func made(from config: String, _ setup: Setup) throws -> Self {
        let read = JSONReader.read(Array(config.utf8))
        guard read.issues.isEmpty, let value = read.value else {
            throw ConfigurationError(read.issues)
        }
        do {
            return try Self(Configuration(setting: value), setup)
        } catch let error as ConfigurationError {
            throw error.located(in: value)
        }
    }
}
