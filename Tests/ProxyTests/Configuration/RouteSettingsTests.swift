import PluginAPI
import Testing

@testable import Proxy

@Suite("Routes and upstreams as they are read")
struct RouteSettingsTests {
    private func configuration(_ upstreams: String, _ routes: String) throws -> ServerConfiguration
    {
        let result = ConfigurationLoader.test().load(
            text: """
                { "listen": ["127.0.0.1:0", "127.0.0.1:0", "unix:/run/a.sock",
                    { "address": "[::1]:8080", "proxyProtocol": ["10.0.0.0/8"] }],
                  "admin": "unix:/run/admin.sock",
                  "upstreams": \(upstreams), "routes": \(routes) }
                """)
        #expect(result.diagnostics.map(\.description) == [])
        return try #require(result.configuration)
    }

    @Test("hosts, methods, paths and rewrites")
    func routes() throws {
        let configuration = try configuration(
            #"{ "a": { "url": "http://a" }, "b": { "url": "http://b" } }"#,
            #"""
            [
              { "name": "one", "host": "API.example.com", "methods": ["GET", "M-SEARCH"],
                "path": "/v1/*", "upstream": "b",
                "rewrite": { "stripPrefix": "/v1", "addPrefix": "/api" } },
              { "name": "two", "host": ["a.example.com", "[::1]"], "path": "/", "upstream": "a" },
              { "name": "three", "path": "/v1/items", "upstream": "a" },
              { "name": "four", "path": "/v1/*", "methods": ["POST"], "upstream": "a" },
              { "name": "five", "upstream": "a" }
            ]
            """#)
        let one = configuration.routes[0]
        #expect(one.hosts == ["api.example.com"])
        #expect(one.methods == ["GET", "M-SEARCH"])
        #expect(one.path == .prefix("/v1/"))
        #expect(one.upstream == 1)
        #expect(one.rewrite == RewriteConfiguration(stripPrefix: "/v1", addPrefix: "/api"))
        #expect(configuration.routes[1].hosts == ["a.example.com", "[::1]"])
        #expect(configuration.routes[1].path == .exact("/"))
        #expect(configuration.routes.map(\.upstream) == [1, 0, 0, 0, 0])
    }

    @Test("listeners of every kind, and free ports as many as one likes")
    func listeners() throws {
        let configuration = try configuration(
            #"{ "a": { "url": "http://a" } }"#, #"[{ "upstream": "a" }]"#)
        #expect(
            configuration.listeners.map(\.address.description) == [
                "127.0.0.1:0", "127.0.0.1:0", "unix:/run/a.sock", "[::1]:8080",
            ])
        #expect(configuration.listeners[3].proxyProtocol.map(\.description) == ["10.0.0.0/8"])
        #expect(configuration.admin == .unix(path: "/run/admin.sock"))
    }

    @Test(
        "targets are a scheme, a host and a port, or a socket's path",
        arguments: [
            ("http://a", TargetAddress.tcp(isSecure: false, host: "a", port: 80), "http://a"),
            (
                "HTTPS://Api.Example.com/",
                .tcp(isSecure: true, host: "api.example.com", port: 443),
                "https://api.example.com"
            ),
            (
                "http://[2001:DB8::1]:8080",
                .tcp(isSecure: false, host: "2001:db8::1", port: 8080), "http://[2001:db8::1]:8080"
            ),
            (
                "https://10.0.0.1:80", .tcp(isSecure: true, host: "10.0.0.1", port: 80),
                "https://10.0.0.1:80"
            ),
            ("unix:/run/a.sock", .unix(path: "/run/a.sock"), "unix:/run/a.sock"),
        ] as [(String, TargetAddress, String)])
    func targets(written: String, address: TargetAddress, canonical: String) throws {
        let configuration = try configuration(
            #"{ "a": { "targets": [{ "url": "\#(written)", "weight": 3 }, { "url": "http://z" }], "balance": "least-requests" } }"#,
            #"[{ "upstream": "a" }]"#)
        let upstream = configuration.upstreams[0]
        #expect(upstream.targets.map(\.weight) == [3, 1])
        #expect(upstream.targets[0].address == address)
        #expect(upstream.targets[0].address.description == canonical)
        #expect(upstream.balance == .leastRequests)
    }

    @Test(
        "Redis URLs",
        arguments: [
            (
                "redis://h",
                RedisAddress(host: "h", port: 6379, user: nil, password: nil, database: 0)
            ),
            (
                "redis://u:p%40ss:w@[::1]:7000/3",
                RedisAddress(host: "::1", port: 7000, user: "u", password: "p@ss:w", database: 3)
            ),
            (
                "redis://:secret@h:1/",
                RedisAddress(host: "h", port: 1, user: nil, password: "secret", database: 0)
            ),
        ])
    func redis(written: String, address: RedisAddress) throws {
        let value = ConfigurationValue(.string(written))
        #expect(try RedisAddress(setting: value) == address)
        if address.password != nil {
            #expect(address.settingJSON.description.contains(":[redacted]@"))
        }
    }

    @Test(
        "what is no Redis URL is refused",
        arguments: [
            "h:6379", "rediss://h", "redis://", "redis://h/x", "redis://h:0x1", "redis://secret@h",
            "redis://:%zz@h", "redis://h:6379/-1", "redis://::1", "redis://h/70000",
        ])
    func wrongRedis(written: String) {
        #expect(throws: ConfigurationError.self) {
            try RedisAddress(setting: ConfigurationValue(.string(written)))
        }
    }
}
