import PluginAPI
import Proxy

extension Plugin {
    /// Makes an instance from the JSON text of its configuration.
    static func made(from config: String, _ setup: Setup) throws -> Self {
        fatalError()
    }
}
