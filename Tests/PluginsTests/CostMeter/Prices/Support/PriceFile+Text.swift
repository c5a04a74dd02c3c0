import PluginAPI
import PluginTesting

@testable import Plugins

extension PriceFile {
    /// The file with that text, read as the cost-meter reads it.
    static func reading(_ text: String) throws -> PriceFile {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "prices.json")
        let setup = TestProxy(folder: folder.path).setup(label: "cost-meter")
        do {
            return try setup.settings(from: "prices.json", setting: "prices")
        } catch {
            // The folder's name is another each time.
            throw Wrong(text: error.description.replacing(folder.path + "/", with: ""))
        }
    }

    /// What is wrong with a file.
    struct Wrong: Error {
        let text: String
    }
}

extension PriceTable {
    /// A table of one provider, called `here`.
    static func reading(models: String, aliases: String = "{}", prefixes: String = "[]") throws
        -> PriceTable
    {
        PriceTable(
            try .reading(
                """
                { "providers": { "here": {
                  "prefixes": \(prefixes), "models": \(models), "aliases": \(aliases)
                } } }
                """))
    }
}
