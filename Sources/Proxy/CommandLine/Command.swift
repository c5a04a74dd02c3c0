/// One word after `sluice` on the command line.
public protocol Command: SendableMetatype {
    static var name: String { get }
    /// What it does, in half a sentence, for the list of commands.
    static var summary: String { get }
    /// How it is called: `sluice check [--config FILE] [--json]`.
    static var synopsis: String { get }
    /// What else there is to know, for `sluice help NAME`.
    static var details: String { get }

    /// - Returns: the process's exit code: 0 fine, 1 it failed. A wrong call is thrown instead.
    /// - Throws: `CommandLineError`, which ends the process with 2.
    static func run(_ arguments: Arguments, _ context: CommandContext) throws -> Int32
}

extension Command {
    public static var details: String { "" }
}

/// A call that is wrong, for the person who made it.
public struct CommandLineError: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
