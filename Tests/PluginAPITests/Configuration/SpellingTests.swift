import Testing

@testable import PluginAPI

@Suite("What was probably meant")
struct SpellingTests {
    private static let known = ["limit", "window", "key", "mode", "trustedNetworks", "config"]

    @Test(
        "a slip of the finger is recognised",
        arguments: [
            ("windw", "window"), ("widnow", "window"), ("Window", "window"), ("limits", "limit"),
            ("trusted_networks", "trustedNetworks"), ("trustednetwork", "trustedNetworks"),
            ("conf", "config"), ("kye", "key"),
        ])
    func near(written: String, meant: String) {
        #expect(Spelling.nearest(to: written, among: Self.known) == meant)
    }

    @Test(
        "what is far from everything is not guessed",
        arguments: [
            "", "x", "timeout", "frobnicate", "co", String(repeating: "limit", count: 1000),
        ])
    func far(written: String) {
        #expect(Spelling.nearest(to: written, among: Self.known) == nil)
    }

    @Test("a long list is cut short")
    func list() {
        #expect(Spelling.list(Self.known, atMost: 4) == "limit, window, key, mode…")
        #expect(Spelling.list(["a", "b"], atMost: 4) == "a, b")
        #expect(Spelling.list([]) == "none")
    }
}
