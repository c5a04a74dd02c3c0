import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Writes what the upstream reports of tokens.
private struct ReportedUsage: ResponseHeadPhase {
    static let name = "reported-usage"

    struct Configuration: PluginConfiguration {
        init() {}
    }

    init(_ configuration: Configuration, _ setup: Setup) {}

    func responseHead(_ exchange: Exchange) {
        guard let total = exchange.response.headers["x-tokens"]?.decimal else { return }
        exchange[Facts.usage] = TokenUsage(total: total)
    }
}

@Suite("rate-limiter")
struct RateLimiterTests {
    private let proxy = TestProxy()

    private func add(_ config: String, label: String? = nil) throws {
        try proxy.add(RateLimiter.self, config, label: label)
    }

    private func send(
        _ headers: KeyValuePairs<String, String> = [:], method: String = "GET",
        peer: String = "192.0.2.1"
    ) async throws -> Int {
        try await proxy.send(method, headers: headers, peer: peer).status
    }

    @Test("everyone together has one limit")
    func everyone() async throws {
        try add(#"{ "key": "everyone", "limit": "2/m" }"#)
        #expect(try await send(peer: "192.0.2.1") == 200)
        #expect(try await send(peer: "192.0.2.2") == 200)
        #expect(try await send(peer: "192.0.2.3") == 429)
    }

    @Test("each identity has a limit of its own, whatever its address")
    func identity() async throws {
        try proxy.add(KnownFacts.self)
        try add(#"{ "key": "identity", "limit": "1/m" }"#)
        #expect(try await send(["x-identity": "alice"], peer: "192.0.2.1") == 200)
        #expect(try await send(["x-identity": "alice"], peer: "192.0.2.2") == 429)
        #expect(try await send(["x-identity": "bob"]) == 200)
    }

    @Test("addresses are told apart as ip-limiter does, alone and in combination")
    func addresses() async throws {
        for key in [#""address""#, #"["address", "method"]"#] {
            let proxy = TestProxy()
            try proxy.add(RateLimiter.self, #"{ "limit": "1/m", "key": \#(key) }"#)
            func send(_ peer: String) async throws -> Int {
                try await proxy.send(peer: peer).status
            }
            #expect(try await send("2001:db8:0:1::1") == 200)
            #expect(try await send("2001:db8:0:1::2") == 429)
            #expect(try await send("2001:db8:0:2::1") == 200)
            #expect(try await send("192.0.2.1") == 200)
            #expect(try await send("192.0.2.2") == 200)
        }
    }

    @Test("a combination has a limit for each pair, however their texts are cut")
    func combination() async throws {
        try add(#"{ "key": ["header:x-a", "header:X-B"], "limit": "1/m" }"#)
        let pairs = [
            ("1", "2"), ("2", "1"), ("1|2", ""), ("", "1|2"), ("1", "|2"), ("1|", "2"),
            ("1\\", "2"),
            ("1", "\\|2"), ("\\-", "\\-"),
        ]
        for (a, b) in pairs { #expect(try await send(["x-a": a, "x-b": b]) == 200, "\(a) \(b)") }
        for (a, b) in pairs { #expect(try await send(["x-a": a, "x-b": b]) == 429, "\(a) \(b)") }
        #expect(try await send() == 200)
        #expect(try await send(["x-a": "\\-"]) == 200)
        #expect(try await send() == 429)
    }

    @Test("requests that lack a part share one limit, so that leaving it out is no way round")
    func missingShared() async throws {
        try add(#"{ "key": "header:x-team", "limit": "1/m" }"#)
        #expect(try await send() == 200)
        #expect(try await send(peer: "192.0.2.2") == 429)
        #expect(try await send(["x-team": "a"]) == 200)
    }

    @Test("or are not limited, where the operator says so")
    func missingSkipped() async throws {
        try add(#"{ "key": ["method", "header:x-team"], "limit": "1/m", "whenMissing": "skip" }"#)
        for _ in 0..<3 {
            let result = try await proxy.send()
            #expect(result.status == 200)
            #expect(result.headers["ratelimit"] == nil)
        }
        #expect(try await send(["x-team": "a"]) == 200)
        #expect(try await send(["x-team": "a"]) == 429)
        #expect(try await send(["x-team": "a"], method: "PUT") == 200)
    }

    @Test("model, route and upstream are parts too")
    func otherParts() async throws {
        try proxy.add(KnownFacts.self, #"{ "model": "m-1" }"#)
        try add(
            #"{ "key": ["route", "upstream", "model"], "limit": "1/m", "whenMissing": "skip" }"#)
        #expect(try await send() == 200)
        #expect(try await send() == 429)
        #expect(proxy.metrics["limiter_keys", ["plugin": "rate-limiter"]] == 1)
    }

    @Test("a client cannot make keys of any length")
    func longValues() async throws {
        try add(#"{ "key": "header:x-team", "limit": "1/m" }"#)
        let long = String(repeating: "a", count: 5000)
        #expect(try await send(["x-team": long]) == 200)
        #expect(try await send(["x-team": long]) == 429)
        #expect(try await send(["x-team": long + "a"]) == 200)
        let key = LimitKey([.header("x-team")], .shared)
        let exchange = TestRequest(headers: ["x-team": long]).exchange()
        #expect(key.key(of: exchange)?.description.utf8.count == 64)
    }

    @Test("an identity's own limits take the place of the limiter's")
    func ownLimits() async throws {
        try proxy.add(KnownFacts.self, #"{ "identity": "alice", "own": ["3/m", "100/d"] }"#)
        try add(#"{ "key": "identity", "limit": "1/m" }"#)
        for _ in 0..<3 { #expect(try await send() == 200) }
        let refused = try await proxy.send()
        #expect(refused.status == 429)
        #expect(
            refused.headers["ratelimit-policy"]
                == #""rate-limiter/minute";q=3;w=60, "rate-limiter/day";q=100;w=86400"#)
    }

    @Test("own limits do not replace those of other keys and of tokens, unless told")
    func ownLimitsElsewhere() async throws {
        for (config, limit) in [
            (#"{ "key": "everyone", "limit": "1/m" }"#, "1"),
            (#"{ "key": ["identity", "route"], "limit": "1/m" }"#, "1"),
            (#"{ "key": "identity", "limit": "1/m", "cost": "tokens" }"#, "1"),
            (#"{ "key": "identity", "limit": "1/m", "ownLimits": false }"#, "1"),
            (#"{ "key": ["identity", "route"], "limit": "1/m", "ownLimits": true }"#, "3"),
        ] {
            let proxy = TestProxy()
            try proxy.add(KnownFacts.self, #"{ "identity": "alice", "own": ["3/m"] }"#)
            try proxy.add(RateLimiter.self, config)
            #expect(try await proxy.send().headers["x-ratelimit-limit"] == limit, "\(config)")
        }
    }

    @Test("tokens are counted when they are known, and requests pass while any are left")
    func tokens() async throws {
        try add(#"{ "key": "everyone", "limit": "1000/m", "cost": "tokens" }"#)
        try proxy.add(ReportedUsage.self)
        proxy.upstream = UpstreamAnswer(headers: ["x-tokens": "400"])
        let first = try await proxy.send()
        #expect(first.headers["ratelimit-policy"] == #""rate-limiter";q=1000;qu="tokens";w=60"#)
        #expect(first.headers["ratelimit"] == #""rate-limiter";r=1000;t=0"#)
        #expect(try await proxy.send().headers["x-ratelimit-remaining"] == "600")
        // 200 are left: it passes, and takes more than that.
        #expect(try await proxy.send().headers["x-ratelimit-remaining"] == "200")
        let refused = try await proxy.send()
        #expect(refused.status == 429)
        #expect(refused.body.contains("Rate limit of 1000 tokens per minute exceeded."))
        let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
        proxy.time.advance(by: .seconds(wait))
        #expect(try await proxy.send().status == 200)
    }

    @Test("two limiters of tokens charge each its own key")
    func twoTokenLimiters() async throws {
        try proxy.add(KnownFacts.self)
        try add(#"{ "key": "everyone", "limit": "1000/m", "cost": "tokens" }"#, label: "all")
        try add(#"{ "key": "identity", "limit": "500/h", "cost": "tokens" }"#, label: "each")
        try proxy.add(ReportedUsage.self)
        proxy.upstream = UpstreamAnswer(headers: ["x-tokens": "400"])
        for identity in ["a", "b"] { #expect(try await send(["x-identity": identity]) == 200) }
        let result = try await proxy.send(headers: ["x-identity": "a"])
        #expect(result.headers["ratelimit"]?.hasPrefix(#""all";r=200;"#) == true)
        #expect(result.headers["ratelimit"]?.contains(#", "each";r=100;"#) == true)
    }

    @Test("an answer without tokens costs none")
    func withoutTokens() async throws {
        try add(#"{ "key": "everyone", "limit": "1000/m", "cost": "tokens" }"#)
        proxy.upstream = .unreachable
        for _ in 0..<2 {
            #expect(try await proxy.send().headers["x-ratelimit-remaining"] == "1000")
        }
    }

    @Test("errors say what to do")
    func errors() {
        func error(_ config: String) -> String? {
            #expect(throws: ConfigurationError.self) {
                try TestProxy().add(RateLimiter.self, config)
            }?.description
        }
        #expect(
            error(#"{ "limit": "5/m", "key": "identiy" }"#)
                == #"1:26: key: expected "identity", "tier", "route", "upstream", "model", "address", "method", "everyone" or "header:NAME", found "identiy"; did you mean "identity"?"#
        )
        #expect(
            error(#"{ "limit": "5/m", "key": ["route", "everyone"] }"#)
                == #"1:36: key[1]: "everyone" is a key by itself; remove it or the others"#)
        #expect(
            error(#"{ "limit": "5/m", "key": ["header:X-a", "header:x-A"] }"#)
                == #"1:41: key[1]: "header:x-a" stands here twice"#)
        #expect(
            error(#"{ "limit": "5/m", "key": "route", "ownLimits": true }"#)
                == #"1:48: ownLimits: limits of an identity hold by identity only; add "identity" to "key""#
        )
    }
}
