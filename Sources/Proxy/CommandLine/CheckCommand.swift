import PluginAPI

/// `sluice check`
package enum CheckCommand: Command {
    package static let name = "check"
    package static let summary = "tells what is wrong with plugins.json, without opening a listener"
    package static let synopsis = "sluice check [--config plugins.json] [--json]"
    package static let details = """
        Prints every error and warning that it can find. Ends with 0 when the file can be served, warnings
        allowed, and with 1 when it cannot. With --json: {"ok": …, "errors": […], "warnings": […]}.
        """

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let file = try arguments.option("--config") ?? "plugins.json"
        let isJSON = arguments.flag("--json")
        try arguments.end()
        let diagnostics = context.quietLoader.load(path: file).diagnostics
        let errors = diagnostics.filter { $0.severity == .error }
        let warnings = diagnostics.filter { $0.severity == .warning }
        if isJSON {
            let report: JSONValue = [
                "ok": .bool(errors.isEmpty), "errors": .array(errors.map(\.json)),
                "warnings": .array(warnings.map(\.json)),
            ]
            context.print(report.description)
        } else {
            for diagnostic in diagnostics { context.print(diagnostic.description) }
            context.print("\(file): \(counts(errors.count, warnings.count))")
        }
        return errors.isEmpty ? 0 : 1
    }

    /// `2 errors, 1 warning`
    private static func counts(_ errors: Int, _ warnings: Int) -> String {
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return counts.isEmpty ? "fine" : counts.joined(separator: ", ")
    }
}
