import PluginAPI
import Testing

@testable import Proxy

@Suite("Which requests a route is for")
struct RouteMatchTests {
    private func matches(_ match: RouteMatch, _ line: String, host: String? = "example.com") throws
        -> Bool
    {
        match.matches(try .parsed(line, host.map { [Field("Host", $0)] } ?? []))
    }

    @Test(
        "an exact path is that path, whatever the query",
        arguments: [
            ("/a", true), ("/a?b=c", true), ("/a?", true), ("/", false), ("/a/", false),
            ("/ab", false), ("/A", false), ("/%61", false), ("/a;b", false), ("/x/a", false),
            ("//a", false),
        ])
    func exact(_ target: String, _ expected: Bool) throws {
        #expect(try matches(RouteMatch(path: "/a"), "GET \(target)") == expected)
    }

    @Test(
        "a prefix ends at a slash",
        arguments: [
            ("/v1/", true), ("/v1/x", true), ("/v1/x/y?z", true), ("/v1//", true), ("/v1", false),
            ("/v1?x=/v1/", false), ("/v10/", false), ("/V1/x", false), ("/x/v1/", false),
        ])
    func prefix(_ target: String, _ expected: Bool) throws {
        #expect(try matches(RouteMatch(path: "/v1/*"), "GET \(target)") == expected)
    }

    @Test("the prefix of the root is every path", arguments: ["/", "/a/b", "/?x", "//", "/*"])
    func everyPath(_ target: String) throws {
        #expect(try matches(RouteMatch(path: "/*"), "GET \(target)"))
    }

    @Test(
        "methods are told apart by their letters",
        arguments: [
            ("GET", true), ("POST", true), ("BREW", true), ("HEAD", false), ("get", false),
            ("GETS", false), ("PUT", false),
        ])
    func methods(_ method: String, _ expected: Bool) throws {
        let match = RouteMatch(methods: ["GET", "POST", "BREW"], path: "/*")
        #expect(try matches(match, "\(method) /") == expected)
    }

    @Test("no methods are all methods", arguments: ["GET", "DELETE", "BREW"])
    func everyMethod(_ method: String) throws {
        #expect(try matches(RouteMatch(path: "/*"), "\(method) /"))
    }

    @Test(
        "a host is compared without case and port",
        arguments: [
            ("example.com", true), ("EXAMPLE.com", true), ("example.com:8080", true),
            ("Example.Com:80", true), ("example.com:", true), ("example.org", false),
            ("www.example.com", false), ("example.comx", false), ("xexample.com", false),
            ("example.com.evil.org", false), ("example.com:80.evil.org", false),
        ])
    func host(_ host: String, _ expected: Bool) throws {
        let match = RouteMatch(hosts: ["Example.com"], path: "/*")
        // What is no host does not come past the parser.
        guard let request = try? Request.parsed("GET /", [Field("Host", host)]) else {
            #expect(!expected)
            return
        }
        #expect(match.matches(request) == expected)
    }

    @Test(
        "a wildcard is every name below, and not the name itself",
        arguments: [
            ("a.example.com", true), ("A.EXAMPLE.COM:443", true), ("a.b.example.com", true),
            ("example.com", false), ("aexample.com", false), (".example.com", false),
            ("a.example.com.org", false), ("a.example.org", false),
        ])
    func wildcard(_ host: String, _ expected: Bool) throws {
        let match = RouteMatch(hosts: ["*.example.com"], path: "/*")
        #expect(try matches(match, "GET /", host: host) == expected)
    }

    @Test(
        "addresses are hosts too, with brackets where they have them",
        arguments: [
            ("[::1]", true), ("[::1]:8080", true), ("127.0.0.1", true), ("127.0.0.1:80", true),
            ("[::2]", false), ("[::2]:1", false), ("127.0.0.2", false),
        ])
    func addresses(_ host: String, _ expected: Bool) throws {
        let match = RouteMatch(hosts: ["[::1]", "127.0.0.1"], path: "/*")
        #expect(try matches(match, "GET /", host: host) == expected)
    }

    @Test("one of several hosts will do")
    func severalHosts() throws {
        let match = RouteMatch(hosts: ["a.example", "*.b.example"], path: "/*")
        for (host, expected) in [
            ("a.example", true), ("x.b.example", true), ("b.example", false), ("c.example", false),
        ] {
            #expect(try matches(match, "GET /", host: host) == expected)
        }
    }

    @Test("a request without host is for routes without host")
    func noHost() throws {
        let bare = try Request.parsed("GET /", [], version: "HTTP/1.0")
        #expect(RouteMatch(path: "/*").matches(bare))
        #expect(!RouteMatch(hosts: ["example.com"], path: "/*").matches(bare))
        #expect(!RouteMatch(hosts: ["*.example.com"], path: "/*").matches(bare))
    }

    @Test("an absolute target brings its own host and path")
    func absolute() throws {
        let match = RouteMatch(hosts: ["example.com"], path: "/a/*")
        #expect(try matches(match, "GET http://example.com:81/a/b?c", host: "other.org"))
        #expect(try !matches(match, "GET http://other.org/a/b", host: "example.com"))
        #expect(try matches(RouteMatch(path: "/"), "GET http://example.com"))
    }

    @Test("the asterisk of OPTIONS is a path of its own")
    func asterisk() throws {
        #expect(try matches(RouteMatch(path: "*"), "OPTIONS *"))
        #expect(try !matches(RouteMatch(path: "/*"), "OPTIONS *"))
    }

    @Test("everything that is asked for must hold")
    func together() throws {
        let match = RouteMatch(hosts: ["example.com"], methods: ["POST"], path: "/a")
        #expect(try matches(match, "POST /a"))
        #expect(try !matches(match, "GET /a"))
        #expect(try !matches(match, "POST /b"))
        #expect(try !matches(match, "POST /a", host: "other.org"))
    }
}
