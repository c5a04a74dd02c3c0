import PluginAPI
import Testing

@testable import Proxy

@Suite("Labels of plugins")
struct LabelTests {
    private func configuration(_ text: String) throws -> ServerConfiguration {
        let result = ConfigurationLoader.test().load(text: text)
        #expect(result.diagnostics.map(\.description) == [])
        return try #require(result.configuration)
    }

    @Test("a plugin that stands once is known by its name, one in several routes by both names")
    func automatic() throws {
        let configuration = try configuration(
            #"""
            { "listen": "127.0.0.1:0", "upstreams": { "u": { "url": "http://u" } },
              "plugins": [{ "plugin": "path-blocker" }, { "plugin": "opener" }],
              "routes": [
                { "name": "a", "path": "/a", "upstream": "u", "plugins": [
                  { "plugin": "limiter", "config": { "limit": "1/s" } }, { "plugin": "recorder" }] },
                { "name": "b", "path": "/b", "upstream": "u", "plugins": [
                  { "plugin": "limiter", "config": { "limit": "1/s" } },
                  { "plugin": "limiter", "label": "tried", "config": { "limit": "1/s" } },
                  { "plugin": "path-blocker" }] },
              ] }
            """#)
        #expect(configuration.plugins.map(\.label) == ["path-blocker", "opener"])
        #expect(configuration.routes[0].plugins.map(\.label) == ["limiter@a", "recorder"])
        #expect(
            configuration.routes[1].plugins.map(\.label) == [
                "limiter@b", "tried", "path-blocker@b",
            ])
    }

    @Test("a plugin that is not enabled keeps its label and is left out of the chain")
    func disabled() throws {
        let configuration = try configuration(
            #"""
            { "listen": "127.0.0.1:0", "upstreams": { "u": { "url": "http://u" } },
              "plugins": [{ "plugin": "path-blocker", "enabled": false }, { "plugin": "meter" }],
              "routes": [{ "upstream": "u", "plugins": [{ "plugin": "path-blocker" }] }] }
            """#)
        #expect(configuration.plugins.map(\.label) == ["meter"])
        #expect(configuration.routes[0].plugins.map(\.label) == ["path-blocker@/*"])
        #expect(configuration.effective.description.contains(#""enabled": false"#))
    }

    @Test("each instance is set up under its own label")
    func setup() throws {
        struct Keeper: Plugin, RequestPhase {
            static let name = "keeper"
            struct Configuration: PluginConfiguration {}
            let setup: Setup
            init(_ configuration: Configuration, _ setup: Setup) { self.setup = setup }
            func request(_ exchange: Exchange) -> Decision { .proceed }
        }
        let result = ConfigurationLoader.test(PluginRegistry([Keeper.self])).load(
            text: #"""
                { "listen": "127.0.0.1:0", "upstreams": { "u": { "url": "http://u" } },
                  "plugins": [{ "plugin": "keeper", "label": "one" }, { "plugin": "keeper" }],
                  "routes": [{ "upstream": "u" }] }
                """#, folder: "/etc/sluice")
        let setups = try #require(result.configuration).plugins.compactMap {
            ($0.instance as? Keeper)?.setup
        }
        #expect(setups.map(\.label) == ["one", "keeper"])
        #expect(setups.map { $0.path("x.json") } == ["/etc/sluice/x.json", "/etc/sluice/x.json"])
    }
}
