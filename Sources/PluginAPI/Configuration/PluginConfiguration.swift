/// The settings of a plugin: a struct whose properties are `@Setting`s.
public protocol PluginConfiguration: Sendable {
    init()
}
