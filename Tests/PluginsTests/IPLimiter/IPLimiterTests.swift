import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("ip-limiter")
struct IPLimiterTests {
    private func proxy(_ config: String, folder: String = "/nonexistent") throws -> TestProxy {
        let proxy = TestProxy(folder: folder)
        try proxy.add(IPLimiter.self, config)
        return proxy
    }

    private func limit(of peer: String, _ proxy: TestProxy) async throws -> String? {
        try await proxy.send(peer: peer).headers["x-ratelimit-limit"]
    }

    @Test("each address has a limit of its own")
    func addresses() async throws {
        let proxy = try proxy(#"{ "limit": "1/m" }"#)
        #expect(try await proxy.send(peer: "192.0.2.1").status == 200)
        #expect(try await proxy.send(peer: "192.0.2.1").status == 429)
        #expect(try await proxy.send(peer: "192.0.2.2").status == 200)
    }

    @Test("the client's address counts where it is established, not the peer's")
    func established() async throws {
        let proxy = TestProxy()
        try proxy.add(TrustedProxy.self, #"{ "trusted": ["192.0.2.1"] }"#)
        try proxy.add(IPLimiter.self, #"{ "limit": "1/m" }"#)
        func send(_ client: String) async throws -> Int {
            try await proxy.send(headers: ["x-forwarded-for": client], peer: "192.0.2.1").status
        }
        #expect(try await send("203.0.113.1") == 200)
        #expect(try await send("203.0.113.2") == 200)
        #expect(try await send("203.0.113.1") == 429)
    }

    @Test("an IPv6 client is its /64, or what is told")
    func ipv6() async throws {
        let whole = try proxy(#"{ "limit": "1/m" }"#)
        #expect(try await whole.send(peer: "2001:db8:0:1::1").status == 200)
        #expect(try await whole.send(peer: "2001:db8:0:1:ffff::2").status == 429)
        #expect(try await whole.send(peer: "2001:db8:0:2::1").status == 200)
        let narrow = try proxy(#"{ "limit": "1/m", "ipv6Prefix": 128 }"#)
        #expect(try await narrow.send(peer: "2001:db8:0:1::1").status == 200)
        #expect(try await narrow.send(peer: "2001:db8:0:1::2").status == 200)
        #expect(try await narrow.send(peer: "2001:db8:0:1::2").status == 429)
    }

    @Test("an IPv4-mapped address is the IPv4 client")
    func mapped() async throws {
        let proxy = try proxy(#"{ "limit": "1/m" }"#)
        #expect(try await proxy.send(peer: "192.0.2.1").status == 200)
        #expect(try await proxy.send(peer: "::ffff:192.0.2.1").status == 429)
    }

    @Test("the first tier that holds the client counts, and allow before all of them")
    func tiers() async throws {
        let proxy = try proxy(
            #"""
            { "limit": "9/m", "allow": ["192.0.2.7"], "tiers": [
                { "networks": ["192.0.2.0/28", "2001:db8::/32"], "limit": "1/m" },
                { "networks": ["192.0.2.8", "192.0.2.0/24"], "limit": ["2/s", "5/m"] } ] }
            """#)
        #expect(try await limit(of: "192.0.2.1", proxy) == "1")
        #expect(try await limit(of: "192.0.2.8", proxy) == "1")
        #expect(try await limit(of: "2001:db8::1", proxy) == "1")
        #expect(try await limit(of: "192.0.2.200", proxy) == "2")
        #expect(try await limit(of: "203.0.113.1", proxy) == "9")
        #expect(try await limit(of: "2001:db9::1", proxy) == "9")
        for _ in 0..<20 { #expect(try await proxy.send(peer: "192.0.2.7").status == 200) }
        #expect(try await limit(of: "192.0.2.7", proxy) == nil)
    }

    @Test("who has no address is not limited")
    func withoutAddress() async throws {
        let proxy = try proxy(#"{ "limit": "1/m" }"#)
        for _ in 0..<3 { #expect(try await proxy.send(peer: "unix").status == 200) }
    }

    @Test("networks are read from files, and again when the configuration is")
    func files() async throws {
        let folder = try TemporaryFolder()
        try folder.write("203.0.113.0/24 # a data centre\n", to: "centres.txt")
        let config = #"""
            { "limit": "9/m", "tiers": [{ "networks": ["file:centres.txt"], "limit": "1/m" }] }
            """#
        let before = try proxy(config, folder: folder.path)
        #expect(try await limit(of: "203.0.113.1", before) == "1")
        try folder.write("198.51.100.0/24\n", to: "centres.txt")
        let after = try proxy(config, folder: folder.path)
        #expect(try await limit(of: "203.0.113.1", after) == "9")
        #expect(try await limit(of: "198.51.100.1", after) == "1")
    }

    @Test("errors name the tier, the file and the line")
    func errors() throws {
        let folder = try TemporaryFolder()
        try folder.write("203.0.113.0/24\n203.0.113.1/24\n", to: "centres.txt")
        let error = #expect(throws: ConfigurationError.self) {
            try proxy(
                #"""
                { "limit": "9/m", "burst": 3, "tiers": [
                    { "networks": ["10.0.0.0/8", "file:centres.txt"], "limit": ["1/m", "2/m"] } ] }
                """#, folder: folder.path)
        }
        #expect(
            error?.description == """
                2:34: tiers[0].networks[1]: centres.txt:2: expected a network such as "10.0.0.0/8", \
                found "203.0.113.1/24"; did you mean "203.0.113.0/24"?
                2:64: tiers[0].limit: two limits for one period ("/m"); expected one, the lower
                1:28: burst: "sliding-window" knows no burst; remove it, or set "algorithm" to "gcra"
                """)
    }
}
