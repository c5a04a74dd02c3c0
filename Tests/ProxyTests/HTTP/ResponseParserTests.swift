import PluginAPI
import Proxy
import Testing

@Suite("Reading an answer's head")
struct ResponseParserTests {
    @Test("an answer is read whole")
    func wholeResponse() {
        let text = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nX:  a \r\n\r\n"
        let head = ReadHead.response(text + "abc")
        #expect(head.result == .head(consumed: text.utf8.count))
        #expect(head.startLine == ["404"])
        #expect(head.fields == ["Content-Length: 3", "X: a"])
        #expect(head.framing == .length(3))
        #expect(head.contentLength == 3)
        #expect(head.keepAlive)
    }

    @Test(
        "the reason may be anything, or nothing, with or without its space",
        arguments: [
            "200 OK", "200 ", "200", "200 Tout va bien, mon ami\t!", "200  x", "200 \u{E9}",
        ])
    func reasons(line: String) {
        #expect(ReadHead.response("HTTP/1.1 \(line)\r\n\r\n").startLine == ["200"])
    }

    @Test(
        "a status line that is none is refused",
        arguments: [
            "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 X", "HTTP/1.1 600 X",
            "HTTP/1.1 2x0 OK", "HTTP/1.1  200 OK", "HTTP/1.1200 OK", "HTTP/1.1", "HTTP/1.1 ",
            "HTTP/2 200", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "http/1.1 200 OK", "ICY 200 OK",
            "SSH-2.0-OpenSSH_9.2", "", "HTTP/1.1 200OK", "HTTP/1.1 200-OK", "HTTP/1.1 -20 OK",
            " HTTP/1.1 200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200 \u{1}",
        ])
    func badStatusLine(line: String) {
        #expect(ReadHead.response("\(line)\r\n\r\n").error == .malformedStatusLine)
    }

    @Test("bare line ends and empty lines before the status line are refused")
    func badLineEnds() {
        #expect(ReadHead.response("HTTP/1.1 200 OK\n\n").error == .malformedLineEnd)
        #expect(ReadHead.response("HTTP/1.1 200 OK\r\nA: b\n\n").error == .malformedLineEnd)
        #expect(ReadHead.response("\r\nHTTP/1.1 200 OK\r\n\r\n").error == .malformedStatusLine)
        #expect(ReadHead.response("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n").error == .foldedField)
        #expect(
            ReadHead.response("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n").error
                == .malformedFieldName)
    }

    @Test("libcurl's form of an HTTP/2 status line is read when asked for")
    func http2StatusLine() {
        for line in ["HTTP/2 200 ", "HTTP/2 200", "HTTP/3 200 "] {
            let head = ReadHead.response("\(line)\r\nx: y\r\n\r\n", acceptsHTTP2: true)
            #expect(head.startLine == ["200"])
            #expect(head.framing == .untilClose)
            #expect(ReadHead.response("\(line)\r\n\r\n").error == .malformedStatusLine)
        }
        for line in ["HTTP/4 200", "HTTP/2 20", "HTTP/2", "HTTP/2.0 200", "HTTP/2 200x"] {
            #expect(
                ReadHead.response("\(line)\r\n\r\n", acceptsHTTP2: true).error
                    == .malformedStatusLine)
        }
        #expect(ReadHead.response("HTTP/1.1 200 OK\r\n\r\n", acceptsHTTP2: true).isWhole)
    }

    @Test(
        "status, method and fields decide how the body ends and whether the connection stays",
        arguments: [
            (.get, "1.1 200", ["Content-Length: 5"], .length(5), true),
            (.get, "1.1 200", ["Content-Length: 0"], .length(0), true),
            (.get, "1.1 200", ["Transfer-Encoding: Chunked"], .chunked, true),
            (.get, "1.1 200", [], .untilClose, false),
            (.get, "1.1 200", ["Connection: keep-alive"], .untilClose, false),
            (.get, "1.0 200", ["Content-Length: 5"], .length(5), false),
            (.get, "1.0 200", ["Content-Length: 5", "Connection: keep-alive"], .length(5), true),
            (.get, "1.1 200", ["Content-Length: 5", "Connection: close"], .length(5), false),
            (.get, "1.1 200", ["Content-Length: 5", "Content-Length: 5"], .length(5), true),
            (.get, "1.1 200", ["Content-Length: 5, 5"], .length(5), true),
            (.head, "1.1 200", ["Content-Length: 5"], .none, true),
            (.head, "1.1 200", ["Transfer-Encoding: chunked"], .none, true),
            (.head, "1.1 200", [], .none, true),
            (.get, "1.1 304", ["Content-Length: 5"], .none, true),
            (.get, "1.1 204", [], .none, true),
            (.get, "1.1 204", ["Content-Length: 0"], .none, true),
            (.get, "1.1 204", ["Content-Length: 5"], .none, false),
            (.get, "1.1 204", ["Transfer-Encoding: chunked"], .none, false),
            (.get, "1.1 100", [], .none, true),
            (.post, "1.1 103", ["Link: x"], .none, true),
            (.post, "1.1 500", ["Content-Length: 5"], .length(5), true),
        ] as [(Method, String, [String], BodyFraming, Bool)])
    func framing(
        method: Method, line: String, fields: [String], framing: BodyFraming, keepAlive: Bool
    ) {
        let lines = fields.map { $0 + "\r\n" }.joined()
        let head = ReadHead.response("HTTP/\(line) X\r\n\(lines)\r\n", to: method)
        #expect(head.isWhole)
        #expect(head.framing == framing)
        #expect(head.keepAlive == keepAlive)
    }

    @Test(
        "an answer whose end is in doubt is refused",
        arguments: [
            ("1.1", ["Content-Length: 5", "Transfer-Encoding: chunked"], .ambiguousLength),
            ("1.1", ["Content-Length: 5", "Content-Length: 6"], .repeatedContentLength),
            ("1.1", ["Content-Length: 5, 6"], .repeatedContentLength),
            ("1.1", ["Content-Length: 5,"], .malformedContentLength),
            ("1.1", ["Content-Length: x"], .malformedContentLength),
            ("1.1", ["Transfer-Encoding: gzip"], .unsupportedTransferEncoding),
            ("1.1", ["Transfer-Encoding: gzip, chunked"], .unsupportedTransferEncoding),
            ("1.1", ["Transfer-Encoding: chunked, chunked"], .malformedTransferEncoding),
            ("1.0", ["Transfer-Encoding: chunked"], .transferEncodingInHTTP10),
        ] as [(String, [String], HTTPError)])
    func doubtfulFraming(version: String, fields: [String], error: HTTPError) {
        let lines = fields.map { $0 + "\r\n" }.joined()
        for method in [Method.get, .head] {
            #expect(
                ReadHead.response("HTTP/\(version) 200 OK\r\n\(lines)\r\n", to: method).error
                    == error)
        }
    }

    @Test("an interim answer is followed by the final one")
    func interim() {
        let response = Response()
        var parser = ResponseParser()
        let bytes = Array(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                .utf8)
        bytes.withUnsafeBufferPointer { all in
            guard
                case .head(let consumed) = parser.parse(
                    all, into: response, method: .get, limits: HeadLimits())
            else {
                Issue.record("the interim head is whole")
                return
            }
            #expect(response.status == 103)
            parser.reset()
            let rest = UnsafeBufferPointer(rebasing: all[consumed...])
            #expect(
                parser.parse(rest, into: response, method: .get, limits: HeadLimits())
                    == .head(consumed: rest.count - 2))
        }
        #expect(response.status == 200)
        #expect(ReadHead.lines(of: response.headers) == ["Content-Length: 2"])
    }
}
