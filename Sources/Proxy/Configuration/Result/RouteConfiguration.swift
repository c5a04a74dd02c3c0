import PluginAPI

/// Which requests go where, and through which plugins.
package struct RouteConfiguration: Sendable {
    /// Unique.
    package let name: String
    /// Lower-case, without port; empty for every host.
    package let hosts: [String]
    /// Empty for every method.
    package let methods: [String]
    package let path: RoutePath
    /// The index of its upstream among `ServerConfiguration.upstreams`; nil when a plugin is to answer.
    package let upstream: Int?
    /// What follows the plugins that stand at the head of every chain.
    package let plugins: [ConfiguredPlugin]
    package let rewrite: RewriteConfiguration
}

/// Which paths a route takes.
package enum RoutePath: Sendable, Hashable {
    case exact(String)
    /// Every path that begins so; it ends in a slash.
    case prefix(String)

    /// As written in the file.
    package var written: String {
        switch self {
        case .exact(let path): path
        case .prefix(let path): path + "*"
        }
    }
}

/// How the path changes on its way to the upstream.
package struct RewriteConfiguration: Sendable, Equatable {
    /// Taken away from the front, where it stands there; empty for nothing.
    package let stripPrefix: String
    /// Put in front after that; empty for nothing.
    package let addPrefix: String
}

/// An instance of a plugin at its place in a chain.
package struct ConfiguredPlugin: Sendable {
    /// By which logs, metrics and the admin listener name it. Unique.
    package let label: String
    /// The plugin's name.
    package let name: String
    package let mode: PluginMode
    package let instance: any Plugin
    /// Its settings with their defaults, without what must not be shown.
    package let configuration: JSONValue
}

package enum PluginMode: String, SettingChoice {
    /// What the plugin decides is done.
    case enforce
    /// What the plugin would refuse is counted, logged and let through.
    case observe
}
