import PluginAPI
import Testing

@testable import Proxy

@Suite("What changes in a head on its way through")
struct ForwardingTests {
    private func exchange(
        _ line: String = "GET /", _ fields: [Field] = [Field("Host", "api.example")],
        version: String = "HTTP/1.1", peer: Peer = .address(IPAddress("192.0.2.7")!, port: 5000),
        facts: (Exchange) -> Void = { _ in }
    ) throws -> Exchange {
        let exchange = Exchange()
        exchange.peer = peer
        try exchange.request.parse(line, fields, version: version)
        facts(exchange)
        return exchange
    }

    private func route(
        _ upstream: Upstream? = nil, strip: String = "", add: String = ""
    ) -> Route {
        Route(
            name: "r", number: 0, match: RouteMatch(path: "/*"), chain: Chain([]),
            upstream: upstream,
            rewrite: strip.isEmpty && add.isEmpty
                ? nil : RewriteConfiguration(stripPrefix: strip, addPrefix: add))
    }

    private func upstream(_ headers: [(HeaderName, String)] = []) -> Upstream {
        Upstream(
            name: "u", number: 0,
            targets: [Target(.tcp(isSecure: true, host: "up.example", port: 8443))],
            headers: headers)
    }

    /// The request's fields after it was made ready.
    private func forwarded(_ exchange: Exchange, _ route: Route? = nil) -> [Field] {
        Forwarding.prepareRequest(exchange, route: route ?? self.route())
        return Field.list(exchange.request.headers)
    }

    @Test("everything else passes unchanged, in order and with its repetitions")
    func unchanged() throws {
        let fields = [
            Field("Host", "api.example"), Field("X-B", "1"), Field("cookie", "a"),
            Field("x-b", "2"), Field("X-Empty", ""), Field("Accept", "*/*"),
        ]
        #expect(
            forwarded(try exchange("GET /", fields)) == fields + [
                Field("via", "1.1 sluice"), Field("x-forwarded-for", "192.0.2.7"),
                Field("x-forwarded-proto", "http"), Field("x-forwarded-host", "api.example"),
            ])
    }

    @Test("what concerns one connection ends here, and so does what it names")
    func hopByHop() throws {
        let fields = forwarded(
            try exchange(
                "POST /",
                [
                    Field("Host", "a"), Field("Connection", "close, X-Drop"), Field("X-Drop", "1"),
                    Field("Keep-Alive", "5"), Field("TE", "trailers"), Field("Trailer", "x"),
                    Field("Upgrade", "h2c"), Field("Proxy-Authorization", "b"),
                    Field("Transfer-Encoding", "chunked"), Field("Expect", "100-continue"),
                    Field("X-Keep", "1"),
                ]))
        #expect(fields.map(\.name).prefix(2) == ["Host", "X-Keep"])
        #expect(
            fields.map(\.name).dropFirst(2) == [
                "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
            ])
    }

    @Test("Via is added behind those of proxies before, with the version that was received")
    func via() throws {
        let later = try exchange("GET /", [Field("Host", "a"), Field("Via", "1.0 edge")])
        #expect(
            forwarded(later).filter { $0.name.lowercased() == "via" } == [
                Field("Via", "1.0 edge"), Field("via", "1.1 sluice"),
            ])
        let old = try exchange("GET /", [], version: "HTTP/1.0")
        #expect(forwarded(old).contains(Field("via", "1.0 sluice")))
    }

    @Test("what a client claims of itself is replaced, however often it claims it")
    func claims() throws {
        let fields = forwarded(
            try exchange(
                "GET /",
                [
                    Field("X-Forwarded-For", "1.1.1.1"), Field("Host", "a"),
                    Field("x-forwarded-for", "2.2.2.2"), Field("X-Forwarded-Proto", "https"),
                    Field("X-Forwarded-Host", "evil"), Field("X-FORWARDED-HOST", "evil too"),
                ]))
        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map(\.value)
        }
        #expect(values("x-forwarded-for") == ["192.0.2.7"])
        #expect(values("x-forwarded-proto") == ["http"])
        #expect(values("x-forwarded-host") == ["a"])
    }

    @Test("what a plugin established is told, with the peer behind it")
    func facts() throws {
        let fields = forwarded(
            try exchange { exchange in
                exchange[Facts.forwardedFor] = "203.0.113.9, 10.0.0.1"
                exchange[Facts.forwardedProto] = "https"
                exchange[Facts.forwardedHost] = "public.example"
            })
        #expect(fields.contains(Field("x-forwarded-for", "203.0.113.9, 10.0.0.1, 192.0.2.7")))
        #expect(fields.contains(Field("x-forwarded-proto", "https")))
        #expect(fields.contains(Field("x-forwarded-host", "public.example")))
    }

    @Test("an IPv6 peer stands there without brackets, and one without address as unknown")
    func peers() throws {
        let six = try exchange(peer: .address(IPAddress("2001:db8::1")!, port: 1))
        #expect(forwarded(six).contains(Field("x-forwarded-for", "2001:db8::1")))
        let local = try exchange(peer: .local)
        #expect(forwarded(local).contains(Field("x-forwarded-for", "unknown")))
    }

    @Test("a request without host claims none")
    func noHost() throws {
        let fields = forwarded(
            try exchange("GET /", [Field("X-Forwarded-Host", "evil")], version: "HTTP/1.0"))
        #expect(!fields.contains { $0.name.lowercased() == "x-forwarded-host" })
    }

    @Test("the upstream's own fields take the place of the client's")
    func upstreamFields() throws {
        let upstream = upstream([("authorization", "Bearer own"), ("x-new", "1")])
        let fields = forwarded(
            try exchange(
                "GET /",
                [
                    Field("Host", "a"), Field("Authorization", "Bearer client"),
                    Field("X-A", "1"), Field("AUTHORIZATION", "second"),
                ]), route(upstream))
        #expect(
            fields.filter { $0.name.lowercased() == "authorization" }.map(\.value) == ["Bearer own"]
        )
        #expect(fields.map(\.name).prefix(3) == ["Host", "Authorization", "X-A"])
        #expect(fields.last == Field("x-new", "1"))
    }

    @Test("Host is the target's, unless the operator gave another")
    func host() throws {
        let plain = upstream()
        let request = try exchange("GET /", [Field("X-A", "1"), Field("Host", "api.example")])
        Forwarding.setHost(request, target: plain.targets[0], upstream: plain)
        #expect(
            Field.list(request.request.headers) == [
                Field("X-A", "1"), Field("Host", "up.example:8443"),
            ])

        let named = upstream([("Host", "chosen.example")])
        let other = try exchange()
        _ = forwarded(other, route(named))
        Forwarding.setHost(other, target: named.targets[0], upstream: named)
        let fields = Field.list(other.request.headers)
        #expect(fields.filter { $0.name.lowercased() == "host" }.map(\.value) == ["chosen.example"])
        // What the client asked for is still told.
        #expect(fields.contains(Field("x-forwarded-host", "api.example")))
    }

    @Test(
        "a target's authority leaves out the port that its scheme implies",
        arguments: [
            (TargetAddress.tcp(isSecure: false, host: "a.example", port: 80), "a.example"),
            (.tcp(isSecure: true, host: "a.example", port: 443), "a.example"),
            (.tcp(isSecure: false, host: "a.example", port: 443), "a.example:443"),
            (.tcp(isSecure: true, host: "127.0.0.1", port: 80), "127.0.0.1:80"),
            (.tcp(isSecure: true, host: "::1", port: 443), "[::1]"),
            (.tcp(isSecure: false, host: "2001:db8::1", port: 81), "[2001:db8::1]:81"),
            (.unix(path: "/run/x"), "localhost"),
        ])
    func authority(_ address: TargetAddress, _ authority: String) {
        #expect(Target(address).authority == authority)
    }

    @Test(
        "the target passes byte for byte",
        arguments: ["/", "/a/../b//c?d=%20&%zz", "/?", "//x", "/%7E?a=b?c#"])
    func target(_ target: String) throws {
        guard let exchange = try? exchange("GET \(target)") else {
            #expect(target.contains("#"))
            return
        }
        _ = forwarded(exchange)
        #expect(exchange.request.target == target)
    }

    @Test(
        "of an absolute target the upstream is asked for the path",
        arguments: [
            ("GET http://a.example/x?y", "/x?y"), ("GET http://a.example", "/"),
            ("GET https://a.example:1?q", "/?q"), ("OPTIONS http://a.example", "*"),
            ("OPTIONS *", "*"),
        ])
    func absolute(_ line: String, _ target: String) throws {
        let exchange = try exchange(line)
        _ = forwarded(exchange)
        #expect(exchange.request.target == target)
    }

    @Test(
        "a prefix is taken away where it stands, then one is added",
        arguments: [
            ("/api", "", "/api/x?y=/api", "/x?y=/api"), ("/api", "", "/other", "/other"),
            ("/api", "", "/api", "/"), ("/api", "", "/api?q", "/?q"), ("", "/v1", "/x", "/v1/x"),
            ("/api", "/v1", "/api/x%2F", "/v1/x%2F"), ("/api/", "/v1/", "/api/x", "/v1/x"),
            ("/api/", "", "/api/x", "/x"),
        ])
    func rewrite(_ strip: String, _ add: String, _ target: String, _ expected: String) throws {
        let exchange = try exchange("GET \(target)")
        _ = forwarded(exchange, route(strip: strip, add: add))
        #expect(exchange.request.target == expected)
        // What plugins see stays the client's.
        #expect(exchange.request.path == String(target.prefix { $0 != "?" }))
    }

    @Test("an answer loses what concerned its connection, and gets a Via")
    func answer() throws {
        let response = Response()
        var parser = ResponseParser()
        let head =
            "HTTP/1.1 200 OK\r\nServer: s\r\nConnection: keep-alive, x-drop\r\nX-Drop: 1\r\n"
            + "Set-Cookie: a\r\nKeep-Alive: 5\r\nVia: 1.1 inner\r\nSet-Cookie: b\r\nContent-Length: 1\r\n\r\n"
        _ = Array(head.utf8).withUnsafeBufferPointer {
            parser.parse($0, into: response, method: .get, limits: HeadLimits())
        }
        Forwarding.prepareResponse(response)
        #expect(
            Field.list(response.headers) == [
                Field("Server", "s"), Field("Set-Cookie", "a"), Field("Via", "1.1 inner"),
                Field("Set-Cookie", "b"), Field("Content-Length", "1"), Field("via", "1.1 sluice"),
            ])
    }
}
