import PluginAPI

/// What somebody wrote, in quotes.
struct Quoted: CustomStringConvertible {
    let description: String
    init(_ text: String) { description = JSONValue.string(text).abbreviated }
}
