import PluginAPI
import Testing

@testable import Proxy

@Suite("A plugins.json as a team would run it")
struct SampleTests {
    static let sample = #"""
        {
          "$schema": "plugins.schema.json",
          "listen": "127.0.0.1:8080",
          "admin": "127.0.0.1:9901",
          "workers": 0,
          "limits":   { "connections": 20000, "requestLine": "8KiB", "requestHeaders": "64KiB", "headerCount": 100, "requestBody": "100MiB" },
          "timeouts": { "requestHeaders": "10s", "requestBodyIdle": "30s", "keepAlive": "75s", "drain": "30s" },
          "state":    { "redis": "redis://127.0.0.1:6379/0", "prefix": "sluice:", "timeout": "50ms", "whenUnavailable": "local" },
          "upstreams": {
            "search": {
              "url": "https://api.example.com",
              "headers": { "authorization": "Bearer ${API_KEY}" },
              "timeouts": { "connect": "2s", "responseHeaders": "60s", "idle": "300s" },
              "connections": 512, "httpVersion": "auto",
              "tls": { "verify": true, "caFile": null }
            },
          },
          "plugins": [
            { "plugin": "gate", "config": { "trusted": ["127.0.0.0/8", "10.0.0.0/8"], "header": "x-forwarded-for" } },
            { "plugin": "recorder", "config": { "file": "records.jsonl", "token": "${API_KEY}" } } // last to learn
          ],
          "routes": [
            { "name": "query", "methods": ["POST"], "path": "/v1/query", "upstream": "search",
              "plugins": [
                { "plugin": "path-blocker" },
                { "plugin": "limiter", "config": { "limit": "300/m" } },
                { "plugin": "limiter", "label": "tried", "config": { "limit": "100/m" }, "mode": "observe" },
                { "plugin": "meter" }
              ] },
            { "name": "rest", "path": "/*", "upstream": "search" }
          ]
        }
        """#

    private func loaded(
        _ text: String = sample, upstreamTarget: TargetAddress? = nil,
        warnings: [String] = []
    ) throws -> ServerConfiguration {
        let loader = ConfigurationLoader.test(
            environment: ["API_KEY": "sk-1"], upstreamTarget: upstreamTarget)
        let result = loader.load(text: text, folder: "/etc/sluice")
        #expect(result.diagnostics.map(\.description) == warnings)
        return try #require(result.configuration)
    }

    @Test("it has no error and no warning, and says what it says")
    func values() throws {
        let configuration = try loaded()
        #expect(
            configuration.listeners == [
                ListenerConfiguration(
                    address: .tcp(
                        host: "127.0.0.1", try #require(IPAddress("127.0.0.1")), port: 8080),
                    proxyProtocol: [])
            ])
        #expect(configuration.admin?.description == "127.0.0.1:9901")
        #expect(configuration.workers == 0)
        #expect(
            configuration.limits
                == LimitConfiguration(
                    connections: 20000, requestLine: 8192, requestHeaders: 65536, headerCount: 100,
                    requestBody: 100 << 20))
        #expect(
            configuration.timeouts
                == TimeoutConfiguration(
                    requestHeaders: .seconds(10), requestBodyIdle: .seconds(30),
                    keepAlive: .seconds(75), drain: .seconds(30)))
        #expect(
            configuration.state
                == StateConfiguration(
                    redis: RedisAddress(
                        host: "127.0.0.1", port: 6379, user: nil, password: nil, database: 0),
                    prefix: "sluice:", timeout: .milliseconds(50), whenUnavailable: .local))
        let upstream = try #require(configuration.upstreams.first)
        #expect(upstream.name == "search")
        #expect(
            upstream.targets == [
                TargetConfiguration(
                    address: .tcp(isSecure: true, host: "api.example.com", port: 443), weight: 1)
            ])
        #expect(upstream.headers.map(\.0) == ["authorization"])
        #expect(upstream.headers.map(\.1) == ["Bearer sk-1"])
        #expect(upstream.connections == 512)
        #expect(upstream.tls == UpstreamTLSConfiguration(verify: true, caFile: nil))
        #expect(configuration.plugins.map(\.label) == ["gate", "recorder"])
        #expect(configuration.routes.map(\.name) == ["query", "rest"])
        let query = configuration.routes[0]
        #expect(query.methods == ["POST"])
        #expect(query.path == .exact("/v1/query"))
        #expect(query.upstream == 0)
        #expect(query.plugins.map(\.label) == ["path-blocker", "limiter", "tried", "meter"])
        #expect(query.plugins.map(\.mode) == [.enforce, .enforce, .observe, .enforce])
        #expect(query.plugins[0].instance is PathBlocker)
        #expect(configuration.routes[1].path == .prefix("/"))
        #expect(configuration.routes[1].hosts.isEmpty)
    }

    @Test("what is left out has its default")
    func defaults() throws {
        let configuration = try loaded(
            #"{"listen":"[::]:80","upstreams":{"a":{"url":"http://A:8080/"}},"routes":[{"upstream":"a"}]}"#,
            warnings: [])
        let full = try loaded()
        #expect(configuration.admin == nil)
        #expect(configuration.state == nil)
        #expect(configuration.limits == full.limits)
        #expect(configuration.timeouts == full.timeouts)
        #expect(configuration.upstreams[0].timeouts == full.upstreams[0].timeouts)
        #expect(configuration.upstreams[0].balance == .roundRobin)
        let health = configuration.upstreams[0].health
        #expect(health.passive?.consecutiveFailures == 5 && health.active == nil)
        #expect(health.passive?.statuses == [502, 503, 504] && health.slowStart == .seconds(30))
        #expect(configuration.upstreams[0].targets[0].address.description == "http://a:8080")
        #expect(configuration.routes[0].name == "/*")
        #expect(
            configuration.routes[0].rewrite == RewriteConfiguration(stripPrefix: "", addPrefix: ""))
        #expect(configuration.listeners[0].address.description == "[::]:80")
    }

    @Test("the effective configuration has every default and no secret")
    func effective() throws {
        let effective = try loaded().effective.description
        #expect(!effective.contains("sk-1"))
        #expect(effective.contains(#""authorization": "[redacted]""#))
        #expect(effective.contains(#""file": "records.jsonl", "token": "[redacted]""#))
        #expect(effective.contains(#""label": "limiter""#))
        #expect(effective.contains(#""window": "1m""#))
        #expect(effective.contains(#""balance": "round-robin""#))
        // What stands there is itself a right plugins.json, but for what is hidden.
        #expect(JSONReader.read(Array(effective.utf8)).issues.isEmpty)
    }

    @Test("a value from the environment is shown as the file has it")
    func substitutedIsNotShown() throws {
        let loader = ConfigurationLoader.test(environment: ["API_KEY": "sk-1", "PREFIX": "p:"])
        let result = loader.load(
            text: Self.sample.replacing("\"sluice:\"", with: "\"${PREFIX}\""))
        let state = try #require(result.configuration)
        #expect(state.state?.prefix == "p:")
        #expect(state.effective.description.contains(#""prefix": "${PREFIX}""#))
    }

    @Test("every upstream can be put elsewhere, as the demo does")
    func upstreamTarget() throws {
        let local = TargetAddress.tcp(isSecure: false, host: "127.0.0.1", port: 4000)
        let configuration = try loaded(upstreamTarget: local)
        #expect(configuration.upstreams.map(\.targets) == [[.init(address: local, weight: 1)]])
        #expect(configuration.upstreams[0].headers.count == 1)
    }
}
