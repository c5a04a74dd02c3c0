@testable import PluginAPI

extension ConfigurationValue {
    /// The value as if it stood in a file of one line.
    init(_ json: JSONValue, path: ConfigurationPath = .root, written: String? = nil) {
        let content: Content =
            switch json {
            case .null: .null
            case .bool(let value): .bool(value)
            case .number(let digits): .number(digits)
            case .string(let text): .string(text)
            case .array(let elements):
                .array(
                    elements.enumerated().map { ConfigurationValue($1, path: .index(path, $0)) })
            case .object(let members):
                .object(
                    members.map { member in
                        Member(
                            name: member.name, namePosition: Position(line: 1, column: 1),
                            value: ConfigurationValue(
                                member.value, path: .key(path, member.name)))
                    })
            }
        self.init(content, path: path, written: written)
    }
}

extension SettingValue {
    /// What the value is read as, written again; or what is wrong with it.
    static func reading(_ json: JSONValue, written: String? = nil) -> String {
        do throws(ConfigurationError) {
            return try Self(setting: ConfigurationValue(json, written: written)).settingJSON
                .description
        } catch {
            return error.issues.map { issue in
                if case .at(let path, _) = issue.place, !path.description.isEmpty {
                    return "\(path): \(issue.message)"
                }
                return issue.message
            }.joined(separator: "\n")
        }
    }
}
