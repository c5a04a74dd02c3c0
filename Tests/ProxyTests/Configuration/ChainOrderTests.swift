import PluginAPI
import Testing

@testable import Proxy

@Suite("The order of plugins")
struct ChainOrderTests {
    /// The warnings for these top-level plugins and those of a route.
    private func warnings(_ head: String, route: String = "[]") -> [String] {
        let file = """
            { "listen": "127.0.0.1:0", "upstreams": { "a": { "url": "http://a" } },
              "plugins": \(head),
              "routes": [{ "name": "all", "upstream": "a", "plugins": \(route) }] }
            """
        let registry = PluginRegistry(
            TestPlugins.registry.types + [Accountant.self, Hen.self, Egg.self])
        return ConfigurationLoader.test(registry).load(text: file).diagnostics.map(\.message)
    }

    private static let gate = #"{ "plugin": "gate", "config": { "trusted": ["::/0"] } }"#
    private static let limiter = #"{ "plugin": "limiter", "config": { "limit": "1/s" } }"#

    /// Writes the account and the amount when the request arrives.
    struct Accountant: Plugin, RequestPhase {
        static let name = "accountant"
        static let writes: [any FactDeclaration] = [Facts.account, Facts.amount]
        struct Configuration: PluginConfiguration {}
        init(_ configuration: Configuration, _ setup: Setup) {}
        func request(_ exchange: Exchange) -> Decision { .proceed }
    }

    @Test("a fact that is written before it is read is no cause for a word")
    func rightOrder() {
        #expect(warnings("[\(Self.gate), \(Self.limiter)]") == [])
        #expect(warnings("[\(Self.gate)]", route: "[\(Self.limiter)]") == [])
        #expect(warnings(#"[{ "plugin": "recorder" }, { "plugin": "meter" }]"#) == [])
        #expect(
            warnings(#"[{ "plugin": "recorder" }]"#, route: #"[{ "plugin": "meter" }]"#) == [])
    }

    @Test("a fact that nobody writes is no cause for a word either: plugins do without")
    func unwritten() {
        #expect(warnings("[\(Self.limiter)]") == [])
        #expect(warnings(#"[{ "plugin": "recorder" }]"#) == [])
    }

    @Test("one writer in time is enough")
    func twoWriters() {
        let second = Self.gate.replacing("{ \"plugin\"", with: "{ \"label\": \"g\", \"plugin\"")
        #expect(warnings("[\(Self.gate), \(Self.limiter), \(second)]") == [])
    }

    @Test("a plugin that is not enabled neither reads nor writes")
    func disabled() {
        let off = Self.gate.replacing("{ \"plugin\"", with: "{ \"enabled\": false, \"plugin\"")
        #expect(warnings("[\(Self.limiter), \(off)]") == [])
        let offLimiter = Self.limiter.replacing(
            "{ \"plugin\"", with: "{ \"enabled\": false, \"plugin\"")
        #expect(warnings("[\(offLimiter), \(Self.gate)]") == [])
    }

    @Test("a plugin that is of no use without a fact says who could write it")
    func required() {
        #expect(
            warnings(#"[{ "plugin": "budget" }]"#) == [
                #""budget" needs account, which nothing in this chain writes; add "accountant" or "egg" before it"#
            ])
        #expect(warnings(#"[{ "plugin": "accountant" }, { "plugin": "budget" }]"#) == [])
        #expect(
            warnings(#"[{ "plugin": "budget" }, { "plugin": "accountant" }]"#) == [
                #""budget" reads account before "accountant" (plugins[1]) writes it; move "accountant" before "budget""#,
                #""budget" reads amount before "accountant" (plugins[1]) writes it; move "accountant" before "budget""#,
            ])
    }

    /// Each reads what the other writes.
    struct Hen: Plugin, RequestPhase {
        static let name = "hen"
        static let reads: [any FactDeclaration] = [Facts.account]
        static let writes: [any FactDeclaration] = [Facts.amount]
        struct Configuration: PluginConfiguration {}
        init(_ configuration: Configuration, _ setup: Setup) {}
        func request(_ exchange: Exchange) -> Decision { .proceed }
    }

    struct Egg: Plugin, RequestPhase {
        static let name = "egg"
        static let reads: [any FactDeclaration] = [Facts.amount]
        static let writes: [any FactDeclaration] = [Facts.account]
        struct Configuration: PluginConfiguration {}
        init(_ configuration: Configuration, _ setup: Setup) {}
        func request(_ exchange: Exchange) -> Decision { .proceed }
    }

    @Test("of two that need each other nobody is told to move one")
    func circle() {
        #expect(
            warnings(#"[{ "plugin": "hen" }, { "plugin": "egg" }]"#) == [
                #""hen" reads account before "egg" (plugins[1]) writes it, which in turn needs what that one writes; no order serves both"#
            ])
    }

    @Test("what is wrong in the head of every chain is said once")
    func once() {
        let file = """
            { "listen": "127.0.0.1:0", "upstreams": { "a": { "url": "http://a" } },
              "plugins": [\(Self.limiter), \(Self.gate)],
              "routes": [
                { "name": "one", "path": "/one", "upstream": "a" },
                { "name": "two", "path": "/two", "upstream": "a" }
              ] }
            """
        #expect(ConfigurationLoader.test().load(text: file).diagnostics.count == 1)
    }
}
