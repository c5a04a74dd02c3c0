import PluginAPI
import Proxy
import Testing

@Suite("Reading a request's head")
struct RequestParserTests {
    @Test("a request is read whole: its line, its fields and what they mean")
    func wholeRequest() {
        let text =
            "POST /v1/models?limit=3&x HTTP/1.1\r\nHost: a.test:8080\r\ncontent-LENGTH: 12\r\n"
            + "X-Two:  spaced \t value\t \r\nx-empty:\r\nX-Two: again\r\n\r\n"
        let head = ReadHead.request(text + "rest of the body")
        #expect(head.result == .head(consumed: text.utf8.count))
        #expect(
            head.startLine
                == ["post", "POST", "/v1/models?limit=3&x", "/v1/models", "limit=3&x", "1.1"])
        #expect(
            head.fields == [
                "Host: a.test:8080", "content-LENGTH: 12", "X-Two: spaced \t value", "x-empty: ",
                "X-Two: again",
            ])
        #expect(head.framing == .length(12))
        #expect(head.contentLength == 12)
        #expect(head.keepAlive)
        #expect(!head.expectsContinue)
    }

    @Test("known methods are told apart, by their case too")
    func methods() {
        let known: [(String, Method)] = [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
            ("OPTIONS", .options), ("PATCH", .patch), ("TRACE", .trace), ("get", .other),
            ("PURGE", .other), ("GETS", .other), ("X", .other), ("M-SEARCH", .other),
            ("PUT!", .other),
        ]
        for (name, method) in known {
            let head = ReadHead.request("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(head.startLine.first == "\(method)", "\(name)")
            #expect(head.startLine[1] == name)
        }
    }

    @Test(
        "a request line that is not method, target and version is refused",
        arguments: [
            ("GET /\r\n", .malformedRequestLine),
            ("GET\r\n", .malformedRequestLine),
            ("GET  / HTTP/1.1\r\n", .malformedRequestLine),
            ("GET /  HTTP/1.1\r\n", .malformedRequestLine),
            ("GET / HTTP/1.1 \r\n", .malformedRequestLine),
            ("GET / x HTTP/1.1\r\n", .malformedRequestLine),
            (" GET / HTTP/1.1\r\n", .malformedRequestLine),
            ("GET\t/ HTTP/1.1\r\n", .malformedRequestLine),
            ("GET /a\tb HTTP/1.1\r\n", .malformedRequestLine),
            ("GET /\u{7F} HTTP/1.1\r\n", .malformedRequestLine),
            ("GET /\0 HTTP/1.1\r\n", .malformedRequestLine),
            ("GET /é HTTP/1.1\r\n", .malformedRequestLine),
            ("GET  HTTP/1.1\r\n", .malformedRequestLine),
            ("\u{16}\u{3}\u{1}\u{2}", .malformedRequestLine),
            ("G(T / HTTP/1.1\r\n", .malformedMethod),
            ("GET: / HTTP/1.1\r\n", .malformedMethod),
            ("GET / HTTP/1.1x\r\n", .malformedVersion),
            ("GET / HTTP/11\r\n", .malformedVersion),
            ("GET / HTTP/1\r\n", .malformedVersion),
            ("GET / http/1.1\r\n", .malformedVersion),
            ("GET / HTTP/1.10\r\n", .malformedVersion),
            ("GET / HTTP/a.1\r\n", .malformedVersion),
            ("GET / HTTP/1,1\r\n", .malformedVersion),
            ("GET / FTP/1.1\r\n", .malformedVersion),
            ("GET / HTTP/2.0\r\n", .unsupportedVersion),
            ("GET / HTTP/0.9\r\n", .unsupportedVersion),
            ("PRI * HTTP/2.0\r\n", .unsupportedVersion),
            ("CONNECT a.test:443 HTTP/1.1\r\n", .unsupportedMethod),
            ("GET / HTTP/1.1\n", .malformedLineEnd),
            ("GET / HTTP/1.1\rX", .malformedLineEnd),
            ("GET /\rHTTP/1.1\r\n", .malformedLineEnd),
            ("\nGET / HTTP/1.1\r\n", .malformedLineEnd),
            ("\rGET / HTTP/1.1\r\n", .malformedLineEnd),
        ] as [(String, HTTPError)])
    func badRequestLine(line: String, error: HTTPError) {
        #expect(ReadHead.request(line).error == error)
        #expect(ReadHead.request(line + "Host: a\r\n\r\n").error == error)
    }

    @Test("a later minor version is read as 1.1")
    func laterMinorVersion() {
        let head = ReadHead.request("GET / HTTP/1.7\r\nHost: a\r\n\r\n")
        #expect(head.isWhole)
        #expect(head.startLine.last == "1.1")
    }

    @Test(
        "the forms of a target that a reverse proxy is sent are split in path and query",
        arguments: [
            ("GET", "/", "/", "no query"),
            ("GET", "/?", "/", ""),
            ("GET", "/a?b?c", "/a", "b?c"),
            ("GET", "//a//b/../c", "//a//b/../c", "no query"),
            ("GET", "/%2e%2E/%zz\\|{}\"<>^`", "/%2e%2E/%zz\\|{}\"<>^`", "no query"),
            ("OPTIONS", "*", "*", "no query"),
            ("GET", "http://b.test/x?y", "/x", "y"),
            ("GET", "HTTPS://b.test:8443/x", "/x", "no query"),
            ("GET", "http://b.test", "/", "no query"),
            ("GET", "http://b.test?q=/", "/", "q=/"),
            ("OPTIONS", "http://b.test", "*", "no query"),
            ("OPTIONS", "http://b.test/", "/", "no query"),
            ("OPTIONS", "http://b.test?q", "/", "q"),
        ])
    func targets(method: String, target: String, path: String, query: String) {
        let head = ReadHead.request("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.isWhole)
        #expect(Array(head.startLine[2...4]) == [target, path, query])
    }

    @Test(
        "other targets are refused",
        arguments: [
            "*", "a", "?", "a.test:443", "*x", "/a#b", "/a?b#c", "#", "http:/a", "http:///a",
            "http://", "http://?", "https://", "ftp://a/", "http://user@a/", "http://u:p@a/",
            "http://a b/", "http://a:b/", "http://[::1/", "http://a/#", "http://a:99999/",
        ])
    func badTargets(target: String) {
        #expect(ReadHead.request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").error != nil)
    }

    @Test("the authority of an absolute target replaces Host, in its place")
    func absoluteFormReplacesHost() {
        let head = ReadHead.request(
            "GET http://b.test:81/x HTTP/1.1\r\nA: 1\r\nHost: a.test\r\nB: 2\r\n\r\n")
        #expect(head.fields == ["A: 1", "Host: b.test:81", "B: 2"])
        let old = ReadHead.request("GET http://b.test/x HTTP/1.0\r\nA: 1\r\n\r\n")
        #expect(old.fields == ["A: 1", "Host: b.test"])
        // It does not excuse a missing Host (RFC 9112 §3.2).
        #expect(
            ReadHead.request("GET http://b.test/x HTTP/1.1\r\nA: 1\r\n\r\n").error == .missingHost)
    }

    @Test("a few empty lines before the request line are forgiven")
    func leadingEmptyLines() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        for count in 0...4 {
            let text = String(repeating: "\r\n", count: count) + request
            let head = ReadHead.request(text)
            #expect(head.result == .head(consumed: text.utf8.count))
            #expect(head.fields == ["Host: a"])
            #expect(head.startLine[2] == "/")
        }
        #expect(
            ReadHead.request(String(repeating: "\r\n", count: 5) + request).error
                == .malformedRequestLine)
    }

    @Test(
        "a field line that could be read in two ways is refused",
        arguments: [
            ("A: 1\n", .malformedLineEnd),
            ("A: 1\rB: 2\r\n", .malformedLineEnd),
            ("A: 1\r\r\n", .malformedLineEnd),
            ("A\n", .malformedLineEnd),
            ("\n", .malformedLineEnd),
            ("\rX", .malformedLineEnd),
            ("A: 1\r\n folded\r\n", .foldedField),
            ("A: 1\r\n\tfolded\r\n", .foldedField),
            (" A: 1\r\n", .foldedField),
            ("A : 1\r\n", .malformedFieldName),
            ("A\t: 1\r\n", .malformedFieldName),
            (": 1\r\n", .malformedFieldName),
            ("A\r\n", .malformedFieldName),
            ("A B: 1\r\n", .malformedFieldName),
            ("A(: 1\r\n", .malformedFieldName),
            ("\"A\": 1\r\n", .malformedFieldName),
            ("É: 1\r\n", .malformedFieldName),
            ("A\0: 1\r\n", .malformedFieldName),
            ("A: \0\r\n", .malformedFieldValue),
            ("A: x\u{1}\r\n", .malformedFieldValue),
            ("A: x\u{B}y\r\n", .malformedFieldValue),
            ("A: x\u{7F}\r\n", .malformedFieldValue),
            ("A: a long value with a control\u{1F} in its middle\r\n", .malformedFieldValue),
        ] as [(String, HTTPError)])
    func badFields(line: String, error: HTTPError) {
        #expect(ReadHead.request("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n").error == error)
    }

    @Test("every byte of a name and of a value is judged as the RFC does")
    func everyByte() {
        let token = Set(
            "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            let before = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
            let name = before + [0x41, byte, 0x41] + Array(": v\r\n\r\n".utf8)
            let isName = token.contains(byte) || byte == UInt8(ascii: ":")
            #expect(ReadHead.request(name).isWhole == isName, "name byte \(byte)")

            let isValue = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            for padding in [0, 3, 9, 30] {
                let text = [UInt8](repeating: 0x61, count: padding)
                let value =
                    before + Array("n: b".utf8) + text + [byte] + text + Array("b\r\n\r\n".utf8)
                #expect(ReadHead.request(value).isWhole == isValue, "value byte \(byte)")
            }
        }
    }

    @Test(
        "Host is one valid authority",
        arguments: [
            ("a", true), ("a.test", true), ("a.test:80", true), ("a.test:", true),
            ("A_b~c-1.test", true), ("10.0.0.1:8080", true), ("[::1]", true), ("[::1]:80", true),
            ("[::ffff:1.2.3.4]:1", true), ("a%20b", true), ("a:65535", true), ("a;b", true),
            ("", false), (":80", false), ("a b", false), ("a/b", false), ("a?b", false),
            ("a#b", false), ("a@b", false), ("a\\b", false), ("a:b", false), ("a:65536", false),
            ("a:000080", false), ("a:+1", false), ("a:80:80", false), ("[::1", false),
            ("::1", false), ("[::1]x", false), ("[1.2.3.4]", false), ("[::1%eth0]", false),
            ("[]", false), ("a%2", false), ("a%zz", false), ("a%", false), ("a, b", false),
            ("é", false), ("a\"", false), ("<a>", false),
        ])
    func hosts(value: String, isValid: Bool) {
        for version in ["1.1", "1.0"] {
            let head = ReadHead.request("GET / HTTP/\(version)\r\nHost: \(value)\r\n\r\n")
            #expect(head.error == (isValid ? nil : .malformedHost))
        }
    }

    @Test("Host is required once in 1.1, and may be missing in 1.0")
    func hostCount() {
        #expect(ReadHead.request("GET / HTTP/1.1\r\n\r\n").error == .missingHost)
        #expect(ReadHead.request("GET / HTTP/1.0\r\n\r\n").isWhole)
        #expect(
            ReadHead.request("GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n").error == .repeatedHost)
    }

    @Test(
        "the length of a body is known for certain, or the request is refused",
        arguments: [
            ("GET", "1.1", [], .none),
            ("POST", "1.1", [], .none),
            ("POST", "1.1", ["Content-Length: 0"], .length(0)),
            ("GET", "1.1", ["Content-Length: 7"], .length(7)),
            ("POST", "1.0", ["Content-Length: 0007"], .length(7)),
            ("POST", "1.1", ["Content-Length: 9223372036854775807"], .length(.max)),
            ("POST", "1.1", ["Transfer-Encoding: chunked"], .chunked),
            ("GET", "1.1", ["Transfer-Encoding:  CHUNKED\t"], .chunked),
            ("GET", "1.0", [], .none),
            ("DELETE", "1.0", [], .none),
        ] as [(String, String, [String], BodyFraming)])
    func framing(method: String, version: String, fields: [String], framing: BodyFraming) {
        let lines = (["Host: a"] + fields).map { $0 + "\r\n" }.joined()
        let head = ReadHead.request("\(method) / HTTP/\(version)\r\n\(lines)\r\n")
        #expect(head.framing == framing)
        #expect(head.isWhole)
        let length: Int? =
            switch framing {
            case .length(let length): length
            case .chunked: nil
            default: 0
            }
        #expect(head.contentLength == length)
    }

    @Test("a body of unknown length is refused in 1.0", arguments: ["POST", "PUT", "PATCH"])
    func lengthRequired(method: String) {
        #expect(ReadHead.request("\(method) / HTTP/1.0\r\n\r\n").error == .lengthRequired)
    }

    @Test(
        "only 100-continue may be expected, and only a 1.1 client with a body is waited for",
        arguments: [
            ("1.1", "100-continue", "5", nil, true),
            ("1.1", "100-Continue", "5", nil, true),
            ("1.1", "100-continue", "0", nil, false),
            ("1.0", "100-continue", "5", nil, false),
            ("1.0", "tea", "5", nil, false),
            ("1.1", "tea", "5", .unsupportedExpectation, false),
            ("1.1", "", "5", .unsupportedExpectation, false),
            ("1.1", "100-continue, tea", "5", .unsupportedExpectation, false),
        ] as [(String, String, String, HTTPError?, Bool)])
    func expectations(
        version: String, value: String, length: String, error: HTTPError?, expects: Bool
    ) {
        let head = ReadHead.request(
            "POST / HTTP/\(version)\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: \(length)\r\n\r\n"
        )
        #expect(head.error == error)
        #expect(head.expectsContinue == expects)
    }

    @Test(
        "Connection and the version decide whether the connection stays",
        arguments: [
            ("1.1", [], true), ("1.0", [], false), ("1.1", ["close"], false),
            ("1.1", ["CLOSE"], false), ("1.0", ["keep-alive"], true), ("1.0", ["Keep-Alive"], true),
            ("1.1", ["x, close ,y"], false), ("1.1", ["x", "y", "close"], false),
            ("1.0", ["keep-alive, close"], false), ("1.1", ["closed"], true),
            ("1.1", [",,"], true), ("1.1", [""], true), ("1.0", ["upgrade,keep-alive"], true),
        ] as [(String, [String], Bool)])
    func keepAlive(version: String, values: [String], keepAlive: Bool) {
        let lines = values.map { "Connection: \($0)\r\n" }.joined()
        let head = ReadHead.request("GET / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n")
        #expect(head.isWhole)
        #expect(head.keepAlive == keepAlive)
    }

    @Test("after a reset the next request on the connection is read")
    func reset() {
        let request = Request()
        var parser = RequestParser()
        let bytes = Array(
            ("POST http://b/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
                + "Connection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: c\r\n\r\n").utf8)
        bytes.withUnsafeBufferPointer { all in
            guard case .head(let first) = parser.parse(all, into: request, limits: HeadLimits())
            else {
                Issue.record("the first head is whole")
                return
            }
            #expect(parser.expectsContinue)
            parser.reset()
            let rest = UnsafeBufferPointer(rebasing: all[first...])
            #expect(
                parser.parse(rest, into: request, limits: HeadLimits())
                    == .head(consumed: rest.count))
        }
        #expect(request.path == "/2")
        #expect(request.contentLength == 0)
        #expect(ReadHead.lines(of: request.headers) == ["Host: c"])
        #expect(parser.framing == .none)
        #expect(parser.keepAlive)
        #expect(!parser.expectsContinue)
    }

    @Test("what came before a fault can be read, and nothing behind it")
    func partOfAnInvalidRequest() {
        let head = ReadHead.request("PUT /a?b HTTP/1.1\r\nHost: c\r\nX: 1\r\nbad\r\nY: 2\r\n\r\n")
        #expect(head.error == .malformedFieldName)
        #expect(head.startLine == ["put", "PUT", "/a?b", "/a", "b", "1.1"])
        #expect(head.fields == ["Host: c", "X: 1"])
    }

    @Test("what has arrived of an unfinished head can be read")
    func partOfAnUnfinishedRequest() {
        let head = ReadHead.request("PUT /a HTTP/1.1\r\nHost: c\r\nX: 1")
        #expect(head.result == .incomplete)
        #expect(head.startLine[3] == "/a")
        #expect(head.fields == ["Host: c"])
    }
}
