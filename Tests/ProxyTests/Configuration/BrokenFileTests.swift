import Testing

@testable import Proxy

@Suite("What an operator is told about a broken plugins.json")
struct BrokenFileTests {
    @Test("syntax", arguments: Broken.syntax)
    func syntax(_ broken: Broken) { #expect(broken.said == broken.told) }

    @Test("the proxy's own settings", arguments: Broken.settings)
    func settings(_ broken: Broken) { #expect(broken.said == broken.told) }

    @Test("upstreams", arguments: Broken.upstreams)
    func upstreams(_ broken: Broken) { #expect(broken.said == broken.told) }

    @Test("plugins", arguments: Broken.plugins)
    func plugins(_ broken: Broken) { #expect(broken.said == broken.told) }

    @Test("routes", arguments: Broken.routes)
    func routes(_ broken: Broken) { #expect(broken.said == broken.told) }
}
