import Foundation
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
            registry: PluginRegistry(plugins), environment: ProcessInfo.processInfo.environment,
            commands: builtIn + commands)
        exit(run(Array(CommandLine.arguments.dropFirst()), context))
    }

    private static let builtIn: [any Command.Type] = [
        RunCommand.self, HelpCommand.self,
    ]

    private static func run(_ words: [String], _ context: CommandContext) -> Int32 {
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
            return wrongCall(
                "unknown command \"\(name)\"; the commands are \(context.commands.map { $0.name }.joined(separator: ", "))"
            )
        }
        if words.contains("--help") || words.contains("-h") {
            context.print(HelpCommand.page(of: command))
            return 0
        }
        do {
            return try command.run(Arguments(words, command: name), context)
        } catch {
            return wrongCall("\(error)")
        }
    }

    private static func wrongCall(_ message: String) -> Int32 {
        FileHandle.standardError.write(Data("sluice: \(message)\n".utf8))
        return 2
    }
}
