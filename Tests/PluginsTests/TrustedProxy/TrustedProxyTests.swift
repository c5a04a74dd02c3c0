import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("trusted-proxy")
struct TrustedProxyTests {
    /// What became of a request from a peer, behind `trusted` 10.0.0.0/8 and 2001:db8:ffff::/48.
    private func send(
        _ headers: KeyValuePairs<String, String>, from peer: String = "10.0.0.1",
        header: String = "x-forwarded-for"
    ) async throws -> TestResult {
        let proxy = TestProxy()
        try proxy.add(
            TrustedProxy.self,
            #"{ "trusted": ["10.0.0.0/8", "2001:db8:ffff::/48"], "header": "\#(header)" }"#)
        return try await proxy.send(headers: headers, peer: peer)
    }

    private func client(
        _ headers: KeyValuePairs<String, String>, from peer: String = "10.0.0.1",
        header: String = "x-forwarded-for"
    ) async throws -> String? {
        try await send(headers, from: peer, header: header)[Facts.clientAddress]?.description
    }

    // MARK: Untrusted peers

    @Test("a forged X-Forwarded-For from an untrusted peer changes nothing and goes no further")
    func forged() async throws {
        let result = try await send(["X-Forwarded-For": "203.0.113.7"], from: "192.0.2.1")
        #expect(result[Facts.clientAddress] == IPAddress("192.0.2.1"))
        #expect(result.exchange.clientAddress == IPAddress("192.0.2.1"))
        #expect(result[Facts.peerIsTrusted] == nil)
        #expect(result[Facts.forwardedFor] == nil)
        #expect(result.sent?.headers.names == [])
    }

    @Test("every field that would tell of another client is dropped from an untrusted peer")
    func dropsAll() async throws {
        let result = try await send(
            [
                "Host": "example.com", "x-forwarded-for": "1.1.1.1", "X-Forwarded-Proto": "https",
                "x-forwarded-host": "evil.example", "x-forwarded-port": "443",
                "Forwarded": "for=1.1.1.1", "X-Real-IP": "1.1.1.1", "CF-Connecting-IP": "1.1.1.1",
                "True-Client-IP": "1.1.1.1", "x-caller": "1.1.1.1", "accept": "*/*",
                "x-forwarded": "kept", "real-ip": "kept",
            ], from: "192.0.2.1", header: "X-Caller")
        #expect(result.sent?.headers.names == ["Host", "accept", "x-forwarded", "real-ip"])
        #expect(result[Facts.forwardedProto] == nil)
        #expect(result[Facts.forwardedHost] == nil)
    }

    @Test("underscores in place of hyphens do not bring a forged field past, as CGI would read it")
    func underscores() async throws {
        let result = try await send(
            ["X_Forwarded_For": "1.1.1.1", "x_real-ip": "1.1.1.1", "x_team": "a"],
            from: "192.0.2.1")
        #expect(result.sent?.headers.names == ["x_team"])
    }

    @Test("by default nobody is trusted")
    func trustsNobody() async throws {
        let proxy = TestProxy()
        try proxy.add(TrustedProxy.self)
        let result = try await proxy.send(
            headers: ["x-forwarded-for": "1.1.1.1"], peer: "127.0.0.1")
        #expect(result[Facts.clientAddress] == IPAddress("127.0.0.1"))
        #expect(result.sent?.headers.names == [])
    }

    @Test("what a trusted peer sends goes on unchanged")
    func passesOn() async throws {
        let result = try await send(["X-Forwarded-For": "1.1.1.1", "X-Real-IP": "1.1.1.1"])
        #expect(result.sent?.headers.names == ["X-Forwarded-For", "X-Real-IP"])
        #expect(result[Facts.peerIsTrusted] == true)
    }

    // MARK: X-Forwarded-For

    @Test("the walk goes from right to left, past trusted hops, to the first that is not trusted")
    func rightToLeft() async throws {
        let result = try await send(["x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.9"])
        #expect(result[Facts.clientAddress] == IPAddress("203.0.113.7"))
        #expect(result[Facts.forwardedFor] == "203.0.113.7, 10.0.0.9")
    }

    @Test("the walk goes on in the field lines before the last one")
    func severalLines() async throws {
        let result = try await send([
            "X-Forwarded-For": "6.6.6.6", "accept": "*/*",
            "x-forwarded-for": "203.0.113.7,10.0.0.8", "X-FORWARDED-FOR": "10.0.0.9",
        ])
        #expect(result[Facts.clientAddress] == IPAddress("203.0.113.7"))
        #expect(result[Facts.forwardedFor] == "203.0.113.7, 10.0.0.8, 10.0.0.9")
    }

    @Test("when every hop is trusted, the client is the leftmost")
    func allTrusted() async throws {
        #expect(try await client(["x-forwarded-for": "10.1.1.1, 10.2.2.2"]) == "10.1.1.1")
    }

    @Test("without the field, the client is the peer")
    func absent() async throws {
        let result = try await send(["accept": "*/*"])
        #expect(result[Facts.clientAddress] == IPAddress("10.0.0.1"))
        #expect(result[Facts.forwardedFor] == nil)
        #expect(result[Facts.peerIsTrusted] == true)
    }

    @Test(
        "a malformed hop stops the walk at the last good one",
        arguments: [
            "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4:",
            "1.2.3.4:65536", "1.2.3.4:8a", "[1.2.3.4]", "[::1", "[::1]x", "[::1]:", "::1]",
            "fe80::1%eth0", "[fe80::1%25eth0]", "1.2.3.4 5", "\"1.2.3.4\"", "for=1.2.3.4", "-", ":",
            "[]", "[]:80", "1.2.3.4;", "example.com",
        ])
    func malformed(hop: String) async throws {
        #expect(try await client(["x-forwarded-for": "9.9.9.9, \(hop), 10.0.0.9"]) == "10.0.0.9")
        #expect(try await client(["x-forwarded-for": "9.9.9.9, \(hop)"]) == "10.0.0.1")
        #expect(try await send(["x-forwarded-for": hop])[Facts.forwardedFor] == nil)
    }

    @Test(
        "ports, brackets and IPv4-mapped addresses are understood",
        arguments: [
            ("203.0.113.7", "203.0.113.7"), ("203.0.113.7:5678", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:80", "203.0.113.7"), ("::ffff:cb00:7107", "203.0.113.7"),
            ("  203.0.113.7\t", "203.0.113.7"), ("203.0.113.7:0", "203.0.113.7"),
            ("203.0.113.7:65535", "203.0.113.7"),
        ])
    func notations(hop: String, address: String) async throws {
        #expect(try await client(["x-forwarded-for": "6.6.6.6,\(hop),10.0.0.9"]) == address)
    }

    @Test("a trusted hop is known by any of its notations")
    func trustedNotations() async throws {
        let hops = "203.0.113.7, [2001:db8:ffff::1]:80, ::ffff:10.0.0.9, 10.0.0.8:1234"
        let result = try await send(["x-forwarded-for": hops], from: "::ffff:10.0.0.1")
        #expect(result[Facts.clientAddress] == IPAddress("203.0.113.7"))
        #expect(
            result[Facts.forwardedFor] == "203.0.113.7, 2001:db8:ffff::1, 10.0.0.9, 10.0.0.8")
    }

    @Test("empty elements are no hops")
    func emptyElements() async throws {
        #expect(
            try await client(["x-forwarded-for": ", 203.0.113.7,, ,10.0.0.9 ,"]) == "203.0.113.7")
        #expect(try await client(["x-forwarded-for": ""]) == "10.0.0.1")
    }

    @Test("no more than a hundred elements are looked at")
    func bounded() async throws {
        func hops(_ count: Int) -> String {
            (["203.0.113.7"] + (1..<count).map { "10.1.0.\($0)" }).joined(separator: ",")
        }
        #expect(try await client(["x-forwarded-for": hops(100)]) == "203.0.113.7")
        #expect(try await client(["x-forwarded-for": hops(101)]) == "10.1.0.1")
        let commas = String(repeating: ",", count: 60_000)
        #expect(try await client(["x-forwarded-for": "203.0.113.7" + commas]) == "10.0.0.1")
    }

    // MARK: Forwarded

    @Test(
        "Forwarded is walked as X-Forwarded-For is",
        arguments: [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=6.6.6.6, for=203.0.113.7;proto=https;by=10.0.0.9, for=10.0.0.8", "203.0.113.7"),
            (#"for="203.0.113.7:80", for="[2001:db8:ffff::1]:443""#, "203.0.113.7"),
            (#"for="[2001:db8::1]", for="10.0.0.9:_port""#, "2001:db8::1"),
            (#"by="a,b;c\"d";FOR=203.0.113.7"#, "203.0.113.7"),
            ("for = 203.0.113.7", "10.0.0.1"), ("for=203.0.113.7 ; proto=http", "203.0.113.7"),
            ("for=9.9.9.9, for=unknown, for=10.0.0.9", "10.0.0.9"),
            ("for=9.9.9.9, for=_secret, for=10.0.0.9", "10.0.0.9"),
            (#"for=9.9.9.9, for="_secret:80", for=10.0.0.9"#, "10.0.0.9"),
            ("for=9.9.9.9, proto=https, for=10.0.0.9", "10.0.0.9"),
            ("for=9.9.9.9, for=1.1.1.1;for=2.2.2.2, for=10.0.0.9", "10.0.0.9"),
            ("for=9.9.9.9, 203.0.113.7, for=10.0.0.9", "10.0.0.9"),
            ("for=9.9.9.9, for=, for=10.0.0.9", "10.0.0.9"),
            (#"for=9.9.9.9, for="1.1.1.1"x, for=10.0.0.9"#, "10.0.0.9"),
            (#"for=9.9.9.9, for="1.1.1.1\", for=10.0.0.9"#, "10.0.0.9"),
            (#"for=9.9.9.9, for=1.1.1.1;proto="https, for=10.0.0.9"#, "10.0.0.9"),
            ("for=[2001:db8::1]:80", "2001:db8::1"),
        ])
    func forwarded(value: String, address: String) async throws {
        #expect(try await client(["Forwarded": value], header: "forwarded") == address)
    }

    @Test("a quote that a client leaves open does not hide what proxies add behind it")
    func openQuote() async throws {
        for start in [#"for=""#, #"for="x\"#, #"""#, #"\"#, #"for="a\\\"#, #"for="\""#] {
            let added = [
                "for=203.0.113.7", #"for="[2001:db8::7]:80""#, #"for=203.0.113.7;by="10.0.0.9""#,
            ]
            for (hop, address) in zip(added, ["203.0.113.7", "2001:db8::7", "203.0.113.7"]) {
                let value = "\(start), \(hop)"
                #expect(
                    try await client(["Forwarded": value], header: "forwarded") == address,
                    "\(value)")
            }
        }
    }

    @Test("protocol and host come from the client's element of Forwarded alone")
    func forwardedProtoAndHost() async throws {
        let result = try await send(
            [
                "Forwarded":
                    #"for=6.6.6.6;host=evil.example, for=1.1.1.1;proto=HTTPS;host="api.example:8443""#,
                "forwarded": "for=10.0.0.9;proto=http;host=inner", "x-forwarded-proto": "http",
                "X-Forwarded-Host": "other.example",
            ], header: "forwarded")
        #expect(result[Facts.forwardedProto] == "https")
        #expect(result[Facts.forwardedHost] == "api.example:8443")
    }

    // MARK: Fields of one address

    @Test(
        "a field of one address gives the client, whoever that is",
        arguments: [
            ("X-Real-IP", "203.0.113.7", "203.0.113.7"), ("x-real-ip", "10.9.9.9", "10.9.9.9"),
            ("CF-Connecting-IP", "2001:db8::1", "2001:db8::1"),
            ("x-anything", "[2001:db8::1]:80", "2001:db8::1"),
            ("x-real-ip", "1.1.1.1, 2.2.2.2", "10.0.0.1"), ("x-real-ip", "unknown", "10.0.0.1"),
            ("x-real-ip", "1.1.1.1,", "10.0.0.1"), ("x-real-ip", "", "10.0.0.1"),
        ])
    func single(name: String, value: String, address: String) async throws {
        #expect(
            try await client([name: value, "x-forwarded-for": "6.6.6.6"], header: name) == address)
    }

    @Test("a field of one address that comes twice is not believed")
    func singleTwice() async throws {
        #expect(
            try await client(
                ["x-real-ip": "1.1.1.1", "X-Real-IP": "1.1.1.1"], header: "x-real-ip")
                == "10.0.0.1")
    }

    // MARK: Protocol and host

    @Test(
        "the protocol is believed when it is http or https",
        arguments: [
            ("https", "https"), ("HTTP", "http"), ("ws", nil), ("", nil), ("https://", nil),
        ] as [(String, String?)])
    func proto(value: String, expected: String?) async throws {
        let result = try await send(["x-forwarded-for": "1.1.1.1", "X-Forwarded-Proto": value])
        #expect(result[Facts.forwardedProto] == expected)
    }

    @Test(
        "of several protocols the client's is the one at the client's place, counted from the end")
    func protoList() async throws {
        func proto(_ hops: String, _ values: String) async throws -> String? {
            try await send(["x-forwarded-for": hops, "x-forwarded-proto": values])[
                Facts.forwardedProto]
        }
        #expect(try await proto("6.6.6.6, 1.1.1.1, 10.0.0.9", "http, https, http") == "https")
        #expect(try await proto("1.1.1.1, 10.0.0.9, 10.0.0.8", "https") == "https")
        #expect(try await proto("1.1.1.1", "http, https") == "https")
    }

    @Test(
        "the host is believed when it is well-formed",
        arguments: [
            ("api.example", true), ("api.example:8080", true), ("192.0.2.1", true),
            ("[2001:db8::1]:80", true), ("my_host", true), ("", false), ("a b", false),
            ("a/b", false), ("user@host", false), ("host:", false), ("host:x", false),
            ("host:65536", false), ("[::1", false), ("<script>", false), ("höst", false),
            (String(repeating: "a", count: 254), false),
        ])
    func host(value: String, isBelieved: Bool) async throws {
        let result = try await send(["x-forwarded-for": "1.1.1.1", "x-forwarded-host": value])
        #expect(result[Facts.forwardedHost] == (isBelieved ? value : nil))
    }

    // MARK: Who is trusted

    @Test("a unix socket's peer is trusted when \"unix\" is in the list, and only then")
    func unix() async throws {
        for (list, expected) in [(#"["unix"]"#, "203.0.113.7"), (#"["loopback"]"#, nil)] {
            let proxy = TestProxy()
            try proxy.add(TrustedProxy.self, #"{ "trusted": \#(list) }"#)
            let result = try await proxy.send(
                headers: ["x-forwarded-for": "203.0.113.7"], peer: "unix")
            #expect(result[Facts.clientAddress]?.description == expected)
            #expect(result[Facts.peerIsTrusted] == (expected == nil ? nil : true))
            #expect(result.sent?.headers.names == (expected == nil ? [] : ["x-forwarded-for"]))
        }
    }

    @Test("networks are read from a file, again for each instance")
    func file() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "# ours\n10.0.0.0/8 # inner\r\n\n  2001:db8::/32\n192.0.2.1", to: "cidrs.txt")
        func isTrusted(_ peer: String) async throws -> Bool {
            let proxy = TestProxy(folder: folder.path)
            try proxy.add(TrustedProxy.self, #"{ "trusted": ["file:cidrs.txt"] }"#)
            return try await proxy.send(peer: peer)[Facts.peerIsTrusted] ?? false
        }
        for peer in ["10.1.2.3", "2001:db8::5", "192.0.2.1"] {
            #expect(try await isTrusted(peer))
        }
        #expect(try await !isTrusted("192.0.2.2"))
        try folder.write("192.0.2.2\n", to: "cidrs.txt")
        #expect(try await isTrusted("192.0.2.2"))
        #expect(try await !isTrusted("10.1.2.3"))
    }

    @Test("errors name the setting, the file and the line")
    func errors() throws {
        let folder = try TemporaryFolder()
        try folder.write("10.0.0.0/8\n\n10.0.0.1/8\nten\n", to: "cidrs.txt")
        func error(_ config: String) -> String? {
            do {
                try TestProxy(folder: folder.path).add(TrustedProxy.self, config)
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(
            error(#"{ "trusted": ["loopback", "file:cidrs.txt"] }"#) == """
                1:27: trusted[1]: cidrs.txt:3: expected a network such as "10.0.0.0/8", found \
                "10.0.0.1/8"; did you mean "10.0.0.0/8"?
                1:27: trusted[1]: cidrs.txt:4: expected a network such as "10.0.0.0/8", found "ten"
                """)
        #expect(
            error(#"{ "trusted": ["file:none.txt"] }"#) == """
                1:15: trusted[0]: expected a readable file, found "none.txt": No such file or \
                directory
                """)
        #expect(
            error(#"{ "trusted": ["lopback"] }"#) == """
                1:15: trusted[0]: expected a network such as "10.0.0.0/8", "loopback", "private", \
                "unix" or "file:cidrs.txt", found "lopback"; did you mean "loopback"?
                """)
        #expect(
            error(#"{ "trusted": ["cidrs.txt"] }"#)?.hasSuffix(#"did you mean "file:cidrs.txt"?"#)
                == true)
        #expect(
            error(#"{ "header": "x forwarded" }"#)
                == #"1:13: header: expected a field name such as "x-team", found "x forwarded""#)
    }
}
