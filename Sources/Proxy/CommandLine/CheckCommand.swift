import PluginAPI

/// `sluice check`: validates plugins.json and builds every plugin without opening a listener.
package enum CheckCommand {
    package static let synopsis = "sluice check [--config FILE] [--json]"

    /// - Parameters:
    ///   - loader: with a setup that writes and counts nothing.
    ///   - print: takes a line for standard output.
    ///   - complain: takes a line for standard error.
    /// - Returns: the exit code: 0 fine, warnings allowed; 1 errors; 2 a wrong command line.
    package static func run(
        _ arguments: [String], _ loader: ConfigurationLoader, print: (String) -> Void,
        complain: (String) -> Void
    ) -> Int32 {
        var file = "plugins.json"
        var isJSON = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--json" {
                isJSON = true
            } else if argument.hasPrefix("--config=") {
                file = String(argument.dropFirst("--config=".count))
            } else if argument == "--config", let value = rest.popFirst() {
                file = value
            } else {
                let problem =
                    argument == "--config" ? "--config needs a file" : "unexpected \"\(argument)\""
                complain("\(problem)\nsynopsis: \(synopsis)")
                return 2
            }
        }
        let diagnostics = loader.load(path: file).diagnostics
        let errors = diagnostics.filter { $0.severity == .error }
        let warnings = diagnostics.filter { $0.severity == .warning }
        if isJSON {
            let report: JSONValue = [
                "ok": .bool(errors.isEmpty), "errors": .array(errors.map(\.json)),
                "warnings": .array(warnings.map(\.json)),
            ]
            print(report.description)
        } else {
            for diagnostic in diagnostics { print(diagnostic.description) }
            print("\(file): \(summary(errors.count, warnings.count))")
        }
        return errors.isEmpty ? 0 : 1
    }

    /// `2 errors, 1 warning`
    private static func summary(_ errors: Int, _ warnings: Int) -> String {
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return counts.isEmpty ? "fine" : counts.joined(separator: ", ")
    }
}
