import Foundation
import PluginAPI
import Plugins
import Testing

@Suite("The documentation of plugins")
struct DocumentationTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/plugins")

    private func page(_ type: any Plugin.Type) throws -> String {
        let file = Self.folder.appending(path: "\(type.name).md")
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test(
        "every plugin has a page with the same parts in the same order", arguments: BuiltIn.plugins)
    func parts(type: any Plugin.Type) throws {
        let headings = try page(type).split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(
            headings == [
                "## Configuration", "## What it does", "## Facts", "## Metrics", "## Log fields",
                "## Example",
            ])
        #expect(try page(type).hasPrefix("# \(type.name)\n"))
    }

    @Test("every setting and every fact is on the page", arguments: BuiltIn.plugins)
    func complete(type: any Plugin.Type) throws {
        let page = try page(type)
        func keys<Made: Plugin>(_ type: Made.Type) -> [SettingDescription] {
            Made.Configuration.settings
        }
        for setting in keys(type) {
            #expect(page.contains("| `\(setting.key)` |"), "\(setting.key)")
            let meaning = setting.meaning.replacing("; with \"sink\": \"file\"", with: "")
            #expect(page.contains(meaning.dropLast()), "\(setting.key): \(setting.meaning)")
        }
        for (facts, word) in [(type.reads, "reads"), (type.writes, "writes")] {
            for fact in facts {
                #expect(page.contains("| `\(fact.name)` | \(word) |"), "\(fact.name)")
            }
        }
    }
}
