import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Takes every key for its owner's, as a plugin that knows keys would.
private struct EveryKey: RequestPhase {
    static let name = "every-key"
    static let writes: [any FactDeclaration] = [Facts.identity]

    struct Configuration: PluginConfiguration {
        init() {}
    }

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.identity] = exchange.request.headers["authorization"]?.string
        return .proceed
    }
}

/// Sets what every limit is multiplied by, from a field.
private struct Multiplier: RequestPhase {
    static let name = "multiplier"
    static let writes: [any FactDeclaration] = [Facts.limitMultiplier]

    struct Configuration: PluginConfiguration {
        @Setting("by", "By what.") var by: Double
        init() {}
    }

    let configuration: Configuration

    init(_ configuration: Configuration, _ setup: Setup) { self.configuration = configuration }

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.limitMultiplier] = configuration.by
        return .proceed
    }
}

@Suite("fingerprint-limiter")
struct FingerprintLimiterTests {
    private let proxy = TestProxy()

    /// A chain behind a load balancer, with the limiter at the end.
    private func chain(_ config: String = "{}", knowsKeys: Bool = false) throws {
        try proxy.add(TrustedProxy.self, #"{ "trusted": ["10.0.0.0/8"] }"#)
        if knowsKeys { try proxy.add(EveryKey.self) }
        try proxy.add(FingerprintLimiter.self, config)
    }

    private func pythonSDK(_ client: String, key: String = "sk-1") async throws -> TestResult {
        try await proxy.send(
            "POST", "/v1/chat/completions",
            headers: [
                "Host": "api.example.com", "Accept-Encoding": "gzip, deflate",
                "Accept": "application/json", "Content-Type": "application/json",
                "User-Agent": "OpenAI/Python 1.109.1", "X-Stainless-Lang": "python",
                "X-Stainless-Package-Version": "1.109.1", "X-Stainless-OS": "Linux",
                "X-Stainless-Arch": "x64", "X-Stainless-Runtime": "CPython",
                "X-Stainless-Runtime-Version": "3.12.3", "Authorization": "Bearer \(key)",
                "X-Stainless-Async": "false", "x-stainless-retry-count": "0",
                "x-stainless-read-timeout": "600", "Content-Length": "120",
                "X-Forwarded-For": client,
            ], peer: "10.0.0.1")
    }

    private func nodeSDK(_ client: String, key: String = "sk-2") async throws -> TestResult {
        try await proxy.send(
            "POST", "/v1/chat/completions",
            headers: [
                "host": "api.example.com", "accept": "application/json",
                "content-type": "application/json", "user-agent": "OpenAI/JS 5.20.0",
                "x-stainless-retry-count": "0", "x-stainless-lang": "js",
                "x-stainless-package-version": "5.20.0", "x-stainless-os": "MacOS",
                "x-stainless-arch": "arm64", "x-stainless-runtime": "node",
                "x-stainless-runtime-version": "v22.11.0", "authorization": "Bearer \(key)",
                "accept-language": "*", "sec-fetch-mode": "cors",
                "accept-encoding": "gzip, deflate", "content-length": "120",
                "x-forwarded-for": client,
            ], peer: "10.0.0.1")
    }

    private func script(_ client: String, agent: String = "python-requests/2.32.3") async throws
        -> TestResult
    {
        try await proxy.send(
            "POST", "/v1/chat/completions",
            headers: [
                "Host": "api.example.com", "User-Agent": agent,
                "Accept-Encoding": "gzip, deflate", "Accept": "*/*",
                "Authorization": "Bearer \(client)-made-up", "Content-Length": "120",
                "Content-Type": "application/json", "X-Forwarded-For": client,
            ], peer: "10.0.0.1")
    }

    /// How many of so many requests of the script get through, from addresses in turn, at even intervals.
    private func scripts(
        _ count: Int, addresses: Int, interval: Duration = .milliseconds(60), from first: Int = 0
    ) async throws -> Int {
        var passed = 0
        for number in first..<first + count {
            proxy.time.advance(by: interval)
            let client = "203.0.\(number % addresses / 250 + 1).\(number % addresses % 250 + 1)"
            if try await script(client).status == 200 { passed += 1 }
        }
        return passed
    }

    // MARK: - The promises

    @Test("two popular SDKs behind one office address are not cut off, however much they send")
    func office() async throws {
        try chain()
        for _ in 0..<5000 {
            proxy.time.advance(by: .milliseconds(60))
            #expect(try await pythonSDK("203.0.113.7").status == 200)
            #expect(try await nodeSDK("203.0.113.7").status == 200)
        }
    }

    @Test("one popular SDK from 10,000 addresses with verified keys is not cut off")
    func verified() async throws {
        try chain(knowsKeys: true)
        for number in 0..<10_000 {
            let client = "203.\(number >> 8).\(number & 255).1"
            #expect(try await pythonSDK(client, key: "sk-\(number)").status == 200)
        }
    }

    @Test("a script that rotates 500 addresses is limited, whatever keys it makes up")
    func rotating() async throws {
        try chain()
        // A thousand a minute, two from each address.
        let passed = try await scripts(3000, addresses: 500)
        // Fifty and a few before it is recognised, then a hundred a minute.
        #expect(passed >= 50 + 300)
        #expect(passed <= 70 + 330)
    }

    @Test("other programs from the same addresses go on")
    func others() async throws {
        try chain()
        _ = try await scripts(1000, addresses: 500)
        #expect(try await script("203.0.1.1").status == 429)
        #expect(try await pythonSDK("203.0.1.1").status == 200)
        #expect(try await nodeSDK("203.0.1.1").status == 200)
        #expect(try await script("203.0.1.1", agent: "curl/8.5.0").status == 200)
    }

    // MARK: - When it applies

    @Test("one address fewer than asked for is never limited, in any window")
    func fewer() async throws {
        try chain(#"{ "distinctAddresses": 50, "limit": "10/m" }"#)
        #expect(try await scripts(4000, addresses: 49, interval: .seconds(1)) == 4000)
    }

    @Test("addresses of one IPv6 network are one client, a /64 unless told", arguments: [nil, 48])
    func networks(prefix: Int?) async throws {
        let setting = prefix.map { #", "ipv6Prefix": \#($0)"# } ?? ""
        try chain(#"{ "distinctAddresses": 10, "limit": "10/m"\#(setting) }"#)
        func refused(_ address: (Int) -> String) async throws -> Int {
            var refused = 0
            for number in 0..<500 {
                refused += try await script(address(number)).status == 429 ? 1 : 0
            }
            return refused
        }
        #expect(try await refused { "2001:db8::\($0)" } == 0)
        let others = try await refused { "2001:db8:0:\($0)::1" }
        #expect(prefix == nil ? others > 450 : others == 0)
        #expect(try await refused { "2001:db8:\($0)::1" } > 450)
    }

    @Test("a script that has stopped for two windows begins anew")
    func forgotten() async throws {
        try chain(#"{ "distinctAddresses": 20, "limit": "10/m", "window": "60s" }"#)
        _ = try await scripts(200, addresses: 100)
        #expect(try await script("203.0.1.1").status == 429)
        proxy.time.advance(by: .seconds(120))
        for _ in 0..<100 { #expect(try await script("203.0.1.1").status == 200) }
    }

    @Test("a client without an address, on a unix socket, is left alone")
    func noAddress() async throws {
        try proxy.add(FingerprintLimiter.self, #"{ "distinctAddresses": 1, "limit": "1/m" }"#)
        for _ in 0..<10 { #expect(try await proxy.send("GET", "/", peer: "unix").status == 200) }
        #expect(try await proxy.send("GET", "/").status == 200)
        #expect(try await proxy.send("GET", "/").status == 429)
    }

    @Test("identities are limited like all where the operator says so")
    func identified() async throws {
        try chain(
            #"{ "distinctAddresses": 20, "limit": "10/m", "exemptIdentified": false }"#,
            knowsKeys: true)
        #expect(try await scripts(200, addresses: 100) < 100)
    }

    @Test("the limit is multiplied like every other")
    func multiplied() async throws {
        try proxy.add(Multiplier.self, #"{ "by": 0.5 }"#)
        try chain(#"{ "distinctAddresses": 1, "limit": "100/m" }"#)
        #expect(try await scripts(200, addresses: 10, interval: .milliseconds(1)) == 50)
    }

    @Test("replicas that share state recognise together what each sees half of")
    func replicas() async throws {
        try chain(#"{ "distinctAddresses": 60 }"#)
        let other = TestProxy(replicaOf: proxy)
        try other.add(TrustedProxy.self, #"{ "trusted": ["10.0.0.0/8"] }"#)
        try other.add(FingerprintLimiter.self, #"{ "distinctAddresses": 60 }"#)
        var refused = 0
        for number in 0..<400 {
            let replica = number % 2 == 0 ? proxy : other
            let result = try await replica.send(
                headers: ["User-Agent": "a", "X-Forwarded-For": "203.0.113.\(number % 80)"],
                peer: "10.0.0.1")
            refused += result.status == 429 ? 1 : 0
        }
        #expect(refused > 200)
    }

    // MARK: - What is told

    @Test("before it applies the client is told nothing, and then what is left")
    func fields() async throws {
        try chain(#"{ "distinctAddresses": 2, "limit": "10/m" }"#)
        let before = try await script("203.0.113.1")
        #expect(before.headers["x-ratelimit-limit"] == nil)
        #expect(before.headers["ratelimit"] == nil)
        let after = try await script("203.0.113.2")
        #expect(after.headers["x-ratelimit-limit"] == "10")
        #expect(after.headers["x-ratelimit-remaining"] == "9")
        #expect(after.headers["ratelimit-policy"] == #""fingerprint-limiter";q=10;w=60"#)
    }

    @Test("a refusal is that of every limiter")
    func refusal() async throws {
        try chain(#"{ "distinctAddresses": 1, "limit": "1/m" }"#)
        _ = try await script("203.0.113.1")
        let result = try await script("203.0.113.1")
        #expect(result.status == 429)
        #expect(result.reason == "rate_limit_exceeded")
        #expect(result.headers["retry-after"] != nil)
        #expect(result.sent == nil)
    }

    @Test("that a fingerprint has been recognised is logged once, with the request that did it")
    func logged() async throws {
        try chain(#"{ "distinctAddresses": 20, "limit": "10/m" }"#)
        _ = try await scripts(500, addresses: 100, interval: .milliseconds(1))
        let lines = proxy.log.lines
        #expect(
            lines.map(\.event) == [
                "a fingerprint has come from many addresses and is limited from now on"
            ])
        #expect(lines.first?["addresses"] == "20")
        #expect(lines.first?["fingerprint"]?.count == 16)
        #expect(lines.first?["request_id"]?.isEmpty == false)
    }

    @Test("what is observed is recorded and let through")
    func observed() async throws {
        try proxy.add(
            FingerprintLimiter.self, #"{ "distinctAddresses": 1, "limit": "1/m" }"#, mode: .observe)
        _ = try await proxy.send()
        let result = try await proxy.send()
        #expect(result.status == 200)
        #expect(result.decisions.first?.kind == .observed)
    }

    @Test("the number of fingerprints is a metric")
    func keys() async throws {
        try chain()
        _ = try await pythonSDK("203.0.113.1")
        _ = try await nodeSDK("203.0.113.1")
        _ = try await nodeSDK("203.0.113.2")
        #expect(proxy.metrics["limiter_keys", ["plugin": "fingerprint-limiter"]] == 2)
    }

    // MARK: - Steps by hand

    @Test("a withdrawn request has not been counted")
    func withdrawn() async throws {
        let plugin = try proxy.add(
            FingerprintLimiter.self, #"{ "distinctAddresses": 1, "limit": "1/m" }"#)
        let exchange = TestRequest().exchange(at: proxy.time)
        let step = try #require(plugin.step(exchange))
        let withdrawal = try #require(plugin.withdrawal(of: step))
        let state = try #require(proxy.setup(label: "test").state as? any StateAccess)
        #expect(try await proxy.send().status == 200)
        state.take(withdrawal)
        #expect(try await proxy.send().status == 200)
        #expect(try await proxy.send().status == 429)
    }

    // MARK: - Configuration

    @Test(
        "what is wrong in the configuration is said with its place",
        arguments: [
            (#"{ "distinctAddresses": 0 }"#, "distinctAddresses"),
            (#"{ "distinctAddresses": 1001 }"#, "distinctAddresses"),
            (#"{ "window": "500ms" }"#, "window"),
            (#"{ "limit": ["10/m", "20/m"] }"#, "limit"),
            (#"{ "burst": 5 }"#, "burst"),
            (#"{ "ignore": ["x-a", "User-agent"] }"#, "ignore[1]"),
        ])
    func wrong(config: String, place: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(FingerprintLimiter.self, config)
        }
        #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }
}
