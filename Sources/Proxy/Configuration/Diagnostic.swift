import PluginAPI

/// One thing that is wrong with plugins.json, or looks wrong.
package struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The configuration is refused.
        case error
        case warning
    }

    package let severity: Severity
    /// The file's name, as it was given.
    package let file: String
    /// Nil when it is about the file as a whole.
    package let position: ConfigurationValue.Position?
    /// `routes[0].plugins[2].config.limit`; empty for the root.
    package let path: String
    /// In the order place, found, expected, what to do; without a full stop.
    package let message: String

    /// `plugins.json:31:20: routes[0].plugins[2].config.limit: expected a rate such as "60/m", …`
    package var description: String {
        var place = file
        if let position { place += ":\(position)" }
        if severity == .warning { place += ": warning" }
        if !path.isEmpty { place += ": \(path)" }
        return "\(place): \(message)"
    }

    package var json: JSONValue {
        [
            "file": .string(file), "line": position.map { .number($0.line) } ?? .null,
            "column": position.map { .number($0.column) } ?? .null, "path": .string(path),
            "message": .string(message),
        ]
    }
}
