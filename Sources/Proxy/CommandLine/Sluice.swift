import Glibc
import PluginAPI

/// The program.
public enum Sluice {
    /// Runs the command that the process was called with, and ends the process.
    ///
    ///     Sluice.main(plugins: BuiltIn.plugins + [MyPlugin.self])
    ///
    /// - Parameters:
    ///   - plugins: what plugins.json can name.
    ///   - commands: beside those that are always there.
    public static func main(plugins: [any Plugin.Type], commands: [any Command.Type] = []) -> Never
    {
        let context = CommandContext(
            registry: PluginRegistry(plugins), environment: environment,
            commands: builtIn + commands,
            output: { line in
                guard !StandardStream.write(line, to: STDOUT_FILENO) else { return }
                let problem = String(cString: strerror(errno))
                StandardStream.write(
                    "sluice: standard output cannot be written to: \(problem)", to: STDERR_FILENO)
                exit(1)
            },
            complaints: { StandardStream.write($0, to: STDERR_FILENO) })
        exit(run(Array(CommandLine.arguments.dropFirst()), context))
    }

    /// The process's own.
    private static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// The commands that are always there.
    static let builtIn: [any Command.Type] = [
        RunCommand.self, StatusCommand.self, ReloadCommand.self, CheckCommand.self,
        PluginsCommand.self, SchemaCommand.self, ExplainCommand.self, HelpCommand.self,
    ]

    /// Runs the command that `words` begin with.
    /// - Returns: the exit code.
    static func run(_ words: [String], _ context: CommandContext) -> Int32 {
        var words = words
        if words.first == "--version" {
            context.print("sluice \(Version.number)")
            return 0
        }
        if words.first == "--help" || words.first == "-h" { words[0] = HelpCommand.name }
        // Options alone belong to the default command.
        let name = words.first.flatMap { $0.hasPrefix("-") ? nil : $0 } ?? RunCommand.name
        if words.first == name { words.removeFirst() }
        guard let command = context.commands.first(where: { $0.name == name }) else {
            context.complain(.unknown("command", name, known: context.commands.map { $0.name }))
            return 2
        }
        if words.contains("--help") || words.contains("-h") {
            context.print(HelpCommand.page(of: command))
            return 0
        }
        do {
            return try command.run(Arguments(words, command: name), context)
        } catch {
            context.complain("\(error)")
            return 2
        }
    }
}
