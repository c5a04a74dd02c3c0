import PluginAPI

/// A text file of keys: one a line, `#` begins a comment.
///
/// Lines and not JSON, because keys come and go one by one: a script adds one with `>>`, revokes one
/// with `sed`, and what changed is a line of a diff.
struct KeyFile {
    private static let mostErrors = 10

    /// As written in the configuration.
    let path: String
    /// The key that names the file, which errors point to.
    let setting: String

    func records(_ setup: Setup) throws(ConfigurationError) -> [KeyRecord] {
        let bytes = try setup.contents(of: path, setting: setting)
        var records: [KeyRecord] = []
        var errors: [ConfigurationError] = []
        var wrong = 0
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            do throws(ConfigurationError) {
                let line = KeyLine(text: line, number: index + 1)
                if let record = try line.record() { records.append(record) }
            } catch {
                wrong += 1
                if wrong <= Self.mostErrors { errors.append(self.error("\(path):\(error)")) }
            }
        }
        if wrong > Self.mostErrors {
            errors.append(error("\(path): \(wrong - Self.mostErrors) more wrong lines"))
        }
        guard errors.isEmpty else { throw ConfigurationError(errors) }
        return records
    }

    private func error(_ message: String) -> ConfigurationError {
        ConfigurationError(setting: setting, message)
    }
}
