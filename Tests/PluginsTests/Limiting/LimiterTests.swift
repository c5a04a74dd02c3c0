import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Writes facts that plugins of the chain's front would.
struct KnownFacts: RequestPhase {
    static let name = "known-facts"

    struct Configuration: PluginConfiguration {
        @Setting("identity", "") var identity: String?
        @Setting("model", "") var model: String?
        @Setting("multiplier", "") var multiplier: Double?
        @Setting("own", "") var own: [Rate] = []
        init() {}
    }

    let configuration: Configuration

    init(_ configuration: Configuration, _ setup: Setup) { self.configuration = configuration }

    func request(_ exchange: Exchange) -> Decision {
        exchange[Facts.identity] =
            exchange.request.headers["x-identity"]?.string ?? configuration.identity
        exchange[Facts.model] = configuration.model
        exchange[Facts.limitMultiplier] = configuration.multiplier
        if !configuration.own.isEmpty { exchange[Facts.ownLimits] = configuration.own }
        return .proceed
    }
}

@Suite("What limiters tell clients")
struct LimiterTests {
    private let proxy = TestProxy()

    private static let fields = [
        "ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ]

    @Test("an admitted answer tells what is left")
    func admitted() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "60/m" }"#)
        let result = try await proxy.send()
        #expect(result.status == 200)
        #expect(result.headers["RateLimit-Policy"] == #""ip-limiter";q=60;w=60"#)
        #expect(result.headers["RateLimit"] == #""ip-limiter";r=59;t=60"#)
        #expect(result.headers["X-RateLimit-Limit"] == "60")
        #expect(result.headers["X-RateLimit-Remaining"] == "59")
        #expect(result.headers["X-RateLimit-Reset"] == "60")
        #expect(result.headers["Retry-After"] == nil)
    }

    @Test("a refused one tells when to come again, and then is admitted")
    func refused() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "2/m" }"#)
        for _ in 0..<2 { #expect(try await proxy.send().status == 200) }
        let result = try await proxy.send()
        #expect(result.status == 429)
        #expect(result.reason == "rate_limit_exceeded")
        #expect(result.sent == nil)
        let wait = try #require(result.headers["Retry-After"].flatMap { Int($0) })
        #expect(result.headers["RateLimit"] == #""ip-limiter";r=0;t=\#(wait)"#)
        #expect(result.headers["X-RateLimit-Remaining"] == "0")
        #expect(result.headers["X-RateLimit-Reset"] == "\(wait)")
        #expect(
            result.body.contains(
                "Rate limit of 2 requests per minute exceeded. Please retry in \(wait) seconds."))
        #expect(result.body.contains(#""code":"rate_limit_exceeded""#))
        proxy.time.advance(by: .seconds(wait - 2))
        #expect(try await proxy.send().status == 429)
        proxy.time.advance(by: .seconds(2))
        #expect(try await proxy.send().status == 200)
    }

    @Test("the last one that is admitted tells when there will be another")
    func lastAdmitted() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "5/s", "algorithm": "gcra" }"#)
        for _ in 0..<4 { _ = try await proxy.send() }
        let last = try await proxy.send()
        #expect(last.status == 200)
        #expect(last.headers["RateLimit"] == #""ip-limiter";r=0;t=1"#)
    }

    @Test(
        "several limiters and windows are told of in one field, and the nearest in the older ones")
    func several() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "100/m" }"#, label: "front \"door\"")
        try proxy.add(
            RateLimiter.self, #"{ "key": "everyone", "limit": ["1000/h", "10/s"] }"#, label: "all")
        let result = try await proxy.send()
        #expect(
            result.headers.values(of: "RateLimit-Policy") == [
                #""front \"door\"";q=100;w=60, "all/second";q=10;w=1, "all/hour";q=1000;w=3600"#
            ])
        #expect(
            result.headers.values(of: "RateLimit") == [
                #""front \"door\"";r=99;t=60, "all/second";r=9;t=1, "all/hour";r=999;t=3600"#
            ])
        #expect(result.headers["X-RateLimit-Limit"] == "10")
        #expect(result.headers["X-RateLimit-Remaining"] == "9")
        #expect(result.headers["X-RateLimit-Reset"] == "1")
    }

    @Test("the limiter that refused is the one of the older fields")
    func refusedBySecond() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "1/d" }"#, mode: .observe)
        try proxy.add(RateLimiter.self, #"{ "key": "everyone", "limit": ["2/m", "3/h"] }"#)
        for _ in 0..<2 { #expect(try await proxy.send().status == 200) }
        let result = try await proxy.send()
        #expect(result.status == 429)
        #expect(result.headers["X-RateLimit-Limit"] == "2")
        #expect(result.headers["X-RateLimit-Reset"] == result.headers["Retry-After"])
    }

    @Test("one that is only observed tells clients nothing, whatever it would have done")
    func observed() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "1/m" }"#, mode: .observe)
        let admitted = try await proxy.send()
        for name in Self.fields { #expect(admitted.headers[name] == nil) }
        let result = try await proxy.send()
        #expect(result.status == 200)
        #expect(result.decisions.map(\.kind) == [.observed])
        for name in Self.fields + ["retry-after"] { #expect(result.headers[name] == nil) }
    }

    @Test("the upstream's own fields give way")
    func replaced() async throws {
        proxy.upstream = UpstreamAnswer(headers: [
            "X-RateLimit-Limit": "7", "RateLimit": "\"theirs\";r=7",
            "x-ratelimit-limit-tokens": "8",
        ])
        try proxy.add(IPLimiter.self, #"{ "limit": "60/m" }"#)
        let result = try await proxy.send()
        #expect(result.headers.values(of: "x-ratelimit-limit") == ["60"])
        #expect(result.headers.values(of: "ratelimit") == [#""ip-limiter";r=59;t=60"#])
        #expect(result.headers["x-ratelimit-limit-tokens"] == "8")
    }

    @Test("the fields can be turned off; when to come again is told all the same")
    func turnedOff() async throws {
        proxy.upstream = UpstreamAnswer(headers: ["X-RateLimit-Limit": "7"])
        try proxy.add(IPLimiter.self, #"{ "limit": "1/m", "headers": false }"#)
        let admitted = try await proxy.send()
        #expect(admitted.headers["x-ratelimit-limit"] == "7")
        let refused = try await proxy.send()
        for name in Self.fields { #expect(refused.headers[name] == nil) }
        #expect(refused.headers["retry-after"] != nil)
    }

    @Test("limits are multiplied as a guard says")
    func multiplied() async throws {
        try proxy.add(KnownFacts.self, #"{ "multiplier": 0.5 }"#)
        try proxy.add(IPLimiter.self, #"{ "limit": "5/m" }"#)
        for _ in 0..<2 { #expect(try await proxy.send().status == 200) }
        let refused = try await proxy.send()
        #expect(refused.status == 429)
        #expect(refused.headers["X-RateLimit-Limit"] == "2")
    }

    @Test(
        "counters go on through a reload that changes a limit's number, and begin anew with another period"
    )
    func reload() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "3/m" }"#)
        for _ in 0..<3 { _ = try await proxy.send() }
        let reloaded = TestProxy(replicaOf: proxy)
        try reloaded.add(IPLimiter.self, #"{ "limit": "5/m" }"#)
        #expect(try await reloaded.send().headers["X-RateLimit-Remaining"] == "1")
        let changed = TestProxy(replicaOf: proxy)
        try changed.add(IPLimiter.self, #"{ "limit": "5/h" }"#)
        #expect(try await changed.send().headers["X-RateLimit-Remaining"] == "4")
    }

    @Test("how many keys are counted is a metric")
    func keys() async throws {
        try proxy.add(IPLimiter.self, #"{ "limit": "3/m" }"#)
        for host in 1...5 { _ = try await proxy.send(peer: "192.0.2.\(host)") }
        #expect(proxy.metrics["limiter_keys", ["plugin": "ip-limiter"]] == 5)
    }

    @Test("errors say what to do")
    func errors() {
        func error(_ config: String) -> String? {
            #expect(throws: ConfigurationError.self) {
                try TestProxy().add(IPLimiter.self, config)
            }?.description
        }
        #expect(
            error(#"{ "limit": ["5/m", "60/m"] }"#)
                == #"1:12: limit: two limits for one period ("/m"); expected one, the lower"#)
        #expect(
            error(#"{ "limit": "5/m", "burst": 9 }"#)
                == #"1:28: burst: "sliding-window" knows no burst; remove it, or set "algorithm" to "gcra""#
        )
        #expect(
            error(#"{ "limit": "60 per minute" }"#)
                == #"1:12: limit: expected a rate such as "60/m", found "60 per minute""#
        )
    }
}
