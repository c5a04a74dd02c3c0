import Foundation
import PluginAPI
import Plugins
import Testing

@testable import Proxy

/// A file whose plugins stand in an order that cannot work, and what `sluice check` says of it.
struct MisorderedFile: Sendable, CustomTestStringConvertible {
    let description: String
    let text: String
    let told: String

    var testDescription: String { description }

    static let all: [MisorderedFile] = {
        let folder = URL(filePath: #filePath).appending(path: "../../../Orders").standardized
        let files = try! FileManager.default.contentsOfDirectory(atPath: folder.path)
        return files.filter { $0.hasSuffix(".json") }.sorted().map { file in
            func read(_ name: String) -> String {
                try! String(contentsOf: folder.appending(path: name), encoding: .utf8)
            }
            let name = String(file.dropLast(".json".count))
            return MisorderedFile(
                description: name.replacing("-", with: " "), text: read(file),
                told: read(name + ".txt"))
        }
    }()
}

@Suite("The order of the plugins that come with Sluice")
struct OrderTests {
    private static let loader = ConfigurationLoader.test(PluginRegistry(BuiltIn.plugins))

    private static func warnings(_ text: String) -> [Diagnostic] {
        loader.load(text: text).diagnostics
    }

    @Test("a mis-ordered file is told what to move where", arguments: MisorderedFile.all)
    func told(_ file: MisorderedFile) {
        let said = Self.warnings(file.text).map { $0.description + "\n" }.joined()
        #expect(said == file.told)
    }

    @Test("there are such files")
    func areThere() { #expect(MisorderedFile.all.count > 15) }

    // MARK: The advice

    private static let plugins = [
        "api-keys": #""config": { "anonymous": true }"#,
        "velocity-guard": #""config": { "tiers": { "free": 0.5 } }"#,
        "ip-limiter": #""config": { "limit": "3/m" }"#,
        "cost-meter": #""config": {}"#,
        "budget": #""config": { "limit": "5.00", "per": "day" }"#,
    ]

    private static func file(_ order: [String]) -> String {
        let entries = order.map { #"{ "plugin": "\#($0)", \#(plugins[$0]!) }"# }
        return """
            { "listen": "127.0.0.1:0", "upstreams": { "a": { "url": "http://a" } },
              "plugins": [\(entries.joined(separator: ", "))], "routes": [{ "upstream": "a" }] }
            """
    }

    /// The order after the first warning's advice has been followed.
    private static func followed(_ warning: String, _ order: [String]) throws -> [String] {
        let advice = try #require(warning.firstMatch(of: /; move (.*) before "([^"]+)"$/))
        let movers = advice.1.matches(of: /"([^"]+)"/).map { String($0.1) }
        var order = order.filter { !movers.contains($0) }
        let place = try #require(order.firstIndex(of: String(advice.2)))
        order.insert(contentsOf: movers, at: place)
        return order
    }

    private static func permutations(_ words: [String]) -> [[String]] {
        guard let first = words.first else { return [[]] }
        return permutations(Array(words.dropFirst())).flatMap { rest in
            (0...rest.count).map { place in
                var order = rest
                order.insert(first, at: place)
                return order
            }
        }
    }

    @Test("who follows the advice comes to an order without a warning, whatever he began with")
    func advice() throws {
        let orders = Self.permutations(Self.plugins.keys.sorted())
        var right = 0
        for start in orders {
            var order = start
            var steps = 0
            while let warning = Self.warnings(Self.file(order)).first {
                order = try Self.followed(warning.message, order)
                steps += 1
                try #require(steps <= Self.plugins.count, "\(start) goes round in circles")
            }
            if steps == 0 { right += 1 }
        }
        #expect(orders.count == 120)
        #expect(right > 0)
    }
}
