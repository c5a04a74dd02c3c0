import PluginAPI

/// The words behind a command's name, taken one after another.
public struct Arguments {
    private var words: [String]
    private let command: String
    /// What has been asked for, to find what was meant by a misspelt one.
    private var known: [String] = []

    public init(_ words: [String], command: String = "") {
        self.words = words
        self.command = command
    }

    /// Takes `--name VALUE` or `--name=VALUE`, wherever it stands; the last one counts.
    /// - Throws: `CommandLineError` when the value is missing.
    public mutating func option(_ name: String) throws -> String? { try options(name).last }

    /// Takes every `--name VALUE` and `--name=VALUE`.
    /// - Throws: `CommandLineError` when a value is missing.
    public mutating func options(_ name: String) throws -> [String] {
        known.append(name)
        var found: [String] = []
        while let index = words.firstIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) {
            let word = words.remove(at: index)
            if word != name {
                found.append(String(word.dropFirst(name.count + 1)))
            } else {
                guard index < words.count else { throw CommandLineError("\(name) needs a value") }
                found.append(words.remove(at: index))
            }
        }
        return found
    }

    /// Takes the first of several `NAME VALUE`; nil when there is none left.
    public mutating func nextOption(_ name: String) throws -> String? {
        guard let index = words.firstIndex(of: name) else { return nil }
        words.remove(at: index)
        guard index < words.count else { throw CommandLineError("\(name) needs a value") }
        return words.remove(at: index)
    }

    /// Takes `--name VALUE` where the value is one of a few.
    public mutating func option<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = try option(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandLineError("\(name): expected one of \(known), found \"\(text)\"")
        }
        return choice
    }

    /// Takes `--name`.
    public mutating func flag(_ name: String) -> Bool {
        known.append(name)
        let count = words.count
        words.removeAll { $0 == name }
        return words.count < count
    }

    /// Takes the next word that is no option; `-` alone is none.
    public mutating func word() -> String? {
        guard let index = words.firstIndex(where: { $0 == "-" || !$0.hasPrefix("-") }) else {
            return nil
        }
        return words.remove(at: index)
    }

    /// Everything must have been taken.
    /// - Throws: `CommandLineError` that names what was not.
    public func end() throws {
        guard let first = words.first else { return }
        let name = first.prefix { $0 != "=" }
        let nearest = Spelling.nearest(to: String(name), among: known)
        throw CommandLineError(
            "unknown argument \"\(first)\""
                + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
                + "; see: sluice help \(command)")
    }
}
