import PluginAPI

/// `sluice reload`
package enum ReloadCommand: Command {
    package static let name = "reload"
    package static let summary =
        "makes a running proxy read plugins.json anew, and tells what came of it"
    package static let synopsis = "sluice reload [--config plugins.json] [--json]"
    package static let details = """
        Asks the admin listener that the file names. A file with errors is refused by the proxy, which goes
        on with what it has; its words are printed, and the exit code is 1. What has changed is printed
        otherwise. Requests in flight finish with the configuration with which they began.
        """

    package static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let file = try arguments.option("--config") ?? "plugins.json"
        let isJSON = arguments.flag("--json")
        try arguments.end()
        let read = context.quietLoader.load(path: file)
        guard let configuration = read.configuration else {
            for diagnostic in read.diagnostics { context.print(diagnostic.description) }
            context.complain("\(file) has errors; the running proxy was not asked")
            return 1
        }
        guard let address = configuration.admin else {
            context.complain(
                "\(file) names no admin listener to ask; send the process SIGHUP instead")
            return 1
        }
        let response: AdminClient.Response
        do throws(AdminClient.Failure) {
            response = try AdminClient(address, token: configuration.adminToken)
                .ask("POST", "/reload")
        } catch {
            context.complain("\(error)")
            return 1
        }
        let text = String(decoding: response.body, as: UTF8.self)
        for line in isJSON ? [text.trimmingNewline] : lines(response, text) { context.print(line) }
        return response.status == 200 ? 0 : 1
    }

    /// What the proxy said, for a person.
    private static func lines(_ response: AdminClient.Response, _ text: String) -> [String] {
        guard let said = JSONReader.read(response.body).value,
            let result = said["result"]?.string
        else { return ["the admin listener answered \(response.status): \(text.trimmingNewline)"] }
        let warnings = (said["warnings"]?.array ?? []).map { "warning: \(finding($0))" }
        guard result == "ok" else {
            let reason = said["reason"]?.string ?? ""
            return (said["errors"]?.array ?? []).map(finding) + warnings
                + ["refused, the old configuration stays: \(reason)"]
        }
        let changes = said["changes"]?.array ?? []
        let stay = (said["need_restart"]?.array ?? []).compactMap(\.string).map {
            "warning: \($0): changes with a restart only; the old one stays"
        }
        return warnings + stay
            + changes.map { change in
                func shown(_ key: String) -> String {
                    change[key].map { $0.isNull ? "nothing" : $0.writtenJSON.abbreviated }
                        ?? "nothing"
                }
                return "\(change["path"]?.string ?? ""): \(shown("from")) -> \(shown("to"))"
            } + ["reloaded, \(changes.count) change\(changes.count == 1 ? "" : "s")"]
    }

    /// `plugins.json:3:5: routes[0].path: expected …`
    private static func finding(_ value: ConfigurationValue) -> String {
        func number(_ key: String) -> String {
            if case .number(let digits)? = value[key]?.content { digits } else { "" }
        }
        let place = "\(value["file"]?.string ?? ""):\(number("line")):\(number("column"))"
        return "\(place): \(value["path"]?.string ?? ""): \(value["message"]?.string ?? "")"
    }
}

extension String {
    var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
