/// The settings of a plugin: what stands under `config` of its entry in plugins.json.
///
///     public struct Configuration: PluginConfiguration {
///         @Setting("paths", "Exact paths to refuse.") public var paths: [String] = []
///         @Setting("limit", "Requests per client.") public var limit: Rate
///         @Setting("window", "Length of the window.", in: .seconds(1) ... .seconds(86400))
///         public var window: Duration = .seconds(60)
///         public init() {}
///     }
///
/// From this one declaration come the decoding, the errors of `sluice check`, the pages of
/// `sluice plugins` and the JSON Schema. A key that no setting names is an error.
public protocol PluginConfiguration: SettingsObject {}
