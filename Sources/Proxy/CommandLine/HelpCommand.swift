/// `sluice help [COMMAND]`
enum HelpCommand: Command {
    static let name = "help"
    static let summary = "tells about a command"
    static let synopsis = "sluice help [COMMAND]"

    static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32 {
        var arguments = arguments
        let name = arguments.word()
        try arguments.end()
        guard let name else {
            context.print(overview(context.commands))
            return 0
        }
        guard let command = context.commands.first(where: { $0.name == name }) else {
            throw CommandLineError("unknown command \"\(name)\"")
        }
        context.print(page(of: command))
        return 0
    }

    static func page(of command: any Command.Type) -> String {
        let details = command.details
        return
            "\(command.synopsis)\n\n\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst())."
            + (details.isEmpty ? "" : "\n\n\(details)")
    }

    private static func overview(_ commands: [any Command.Type]) -> String {
        let width = commands.map { $0.name.count }.max() ?? 0
        let lines = commands.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)"
        }
        return """
            sluice [COMMAND] [OPTIONS]

            A reverse proxy whose behaviour is the order of the plugins in plugins.json.

            \(lines.joined(separator: "\n"))

            sluice help COMMAND tells more; sluice --version tells the version.
            Exit codes: 0 fine, 1 the configuration or the run failed, 2 wrong call.
            """
    }
}
