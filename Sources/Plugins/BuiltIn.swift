import PluginAPI

public enum BuiltIn {
    public static let plugins: [any Plugin.Type] = []
}
