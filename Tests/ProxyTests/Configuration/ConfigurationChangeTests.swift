import PluginAPI
import Testing

@testable import Proxy

@Suite("What has changed between two configurations")
struct ConfigurationChangeTests {
    private func changes(_ old: JSONValue, _ new: JSONValue) -> [String] {
        ConfigurationChange.between(old, new).map {
            "\($0.path): \($0.from?.description ?? "-") > \($0.to?.description ?? "-")"
        }
    }

    @Test("nothing, where nothing has")
    func same() {
        let file: JSONValue = ["workers": 2, "routes": [["name": "a", "path": "/"]]]
        #expect(changes(file, file) == [])
    }

    @Test("a value, something new and something gone are named by their paths")
    func values() {
        #expect(
            changes(
                ["timeouts": ["drain": "30s", "keepAlive": "75s"], "workers": 1],
                ["timeouts": ["drain": "7s", "keepAlive": "75s"], "state": "here"]) == [
                    #"timeouts.drain: "30s" > "7s""#, #"state: - > "here""#, "workers: 1 > -",
                ])
    }

    @Test("elements of lists are told apart by their names, wherever they stand")
    func named() {
        let limiter: JSONValue = ["label": "ip-limiter", "config": ["limit": "300/m"]]
        let stricter: JSONValue = ["label": "ip-limiter", "config": ["limit": "100/m"]]
        let guarding: JSONValue = ["label": "velocity-guard", "config": [:]]
        #expect(
            changes(["plugins": [limiter]], ["plugins": [guarding, stricter]]) == [
                #"plugins.velocity-guard: - > {"label": "velocity-guard", "config": {}}"#,
                #"plugins.ip-limiter.config.limit: "300/m" > "100/m""#,
            ])
    }

    @Test("another order is a change, because it is what a chain is")
    func order() {
        let one: JSONValue = ["label": "one"]
        let other: JSONValue = ["label": "other"]
        #expect(
            changes(["plugins": [one, other]], ["plugins": [other, one]])
                == [#"plugins.order: ["one", "other"] > ["other", "one"]"#])
    }

    @Test("lists without names are changed as a whole")
    func plain() {
        #expect(
            changes(["methods": ["GET"]], ["methods": ["GET", "PUT"]]) == [
                #"methods: ["GET"] > ["GET", "PUT"]"#
            ])
    }
}
