/// Where a value stands in plugins.json: `routes[0].plugins[2].config.limit`.
public indirect enum ConfigurationPath: Sendable, CustomStringConvertible {
    case root
    case key(ConfigurationPath, String)
    case index(ConfigurationPath, Int)

    /// Empty for the root. A key that is not a plain word is quoted: `upstreams["my.host"]`.
    public var description: String {
        var steps: [String] = []
        var here = self
        while true {
            switch here {
            case .root:
                let text = steps.reversed().joined()
                return text.hasPrefix(".") ? String(text.dropFirst()) : text
            case .index(let parent, let index):
                steps.append("[\(index)]")
                here = parent
            case .key(let parent, let key):
                steps.append(Self.isPlain(key) ? "." + key : "[\(JSONValue.string(key))]")
                here = parent
            }
        }
    }

    /// The path of what holds this value; the root for the root.
    var parent: ConfigurationPath {
        switch self {
        case .root: .root
        case .key(let parent, _), .index(let parent, _): parent
        }
    }

    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty
            && key.utf8.allSatisfy { byte in
                byte &- 0x30 < 10 || byte | 0x20 &- 0x61 < 26 || byte == 0x5F || byte == 0x2D
            }
    }
}
