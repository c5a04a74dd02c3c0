import PluginAPI
import Proxy
import Testing

/// What is read must not depend on how the network cut it.
@Suite("Messages in pieces")
struct SplitTests {
    static let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nPOST http://b.test/x?y HTTP/1.1\r\nhost: a\r\nContent-Length: 12\r\nX:\t v \r\n"
            + "Connection: close\r\nExpect: 100-continue\r\nX: \r\n\r\nbody",
        "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nLong: "
            + "0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n",
        // Faults
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "GET /\u{1} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "\r\n\rX", "NONSENSE\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    ]

    static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\nA: \r\nB: \t c\t\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 \r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "HTTP/1.2x200\r\n",
    ]

    static let bodies = [
        "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\nGET / HTTP/1.1",
        "1\r\na\r\n000\r\nX: y\r\nDate: z\r\nlong-name: a long value to scan\r\n\r\nmore",
        "0\r\n\r\n", "5\r\nhellox", "5 \r\n", "1\r\na\r\n0\r\nHost: x\r\n\r\n",
        "fffffffffffffffff", "3;\n",
    ]

    @Test("a request in two or three pieces is the same request", arguments: requests)
    func request(text: String) {
        let bytes = Array(text.utf8)
        let whole = ReadHead.request(bytes)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                #expect(ReadHead.request(bytes, cuts: [first, second]) == whole)
            }
        }
        #expect(ReadHead.request(bytes, cuts: Array(0...bytes.count)) == whole)
    }

    @Test("an answer in two or three pieces is the same answer", arguments: responses)
    func response(text: String) {
        let bytes = Array(text.utf8)
        let whole = ReadHead.response(bytes)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                #expect(ReadHead.response(bytes, cuts: [first, second]) == whole)
            }
        }
        #expect(ReadHead.response(bytes, cuts: Array(0...bytes.count)) == whole)
    }

    @Test("a body in two or three pieces is the same body", arguments: bodies, [true, false])
    func body(text: String, takesTrailers: Bool) {
        let bytes = Array(text.utf8)
        for framing in [BodyFraming.chunked, .length(7)] {
            let whole = ReadBody.read(bytes, framing, takesTrailers: takesTrailers)
            for first in 0...bytes.count {
                for second in first...bytes.count {
                    let split = ReadBody.read(
                        bytes, framing, cuts: [first, second], takesTrailers: takesTrailers)
                    #expect(split == whole)
                }
            }
            let single = ReadBody.read(
                bytes, framing, cuts: Array(0...bytes.count), takesTrailers: takesTrailers)
            #expect(single == whole)
        }
    }

    @Test("limits are passed at the same byte, however it arrives")
    func limits() {
        let text = "GET /aaaa HTTP/1.1\r\nHost: a\r\nB: 1\r\nLonger: 12345678\r\n\r\n"
        let bytes = Array(text.utf8)
        for requestLine in stride(from: 1, through: 20, by: 1) {
            for headers in stride(from: 1, through: 45, by: 1) {
                let limits = HeadLimits(
                    requestLine: requestLine, headers: headers, headerCount: headers % 5)
                let whole = ReadHead.request(bytes, limits: limits)
                let pieces = ReadHead.request(bytes, cuts: Array(0...bytes.count), limits: limits)
                #expect(pieces == whole)
            }
        }
    }

    @Test("a head of 64 KiB that comes byte by byte is read")
    func slowClient() {
        let value = String(repeating: "v", count: 6000)
        let fields = (0..<10).map { "field-\($0): \(value)\r\n" }.joined()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        let request = Request()
        var parser = RequestParser()
        bytes.withUnsafeBufferPointer { all in
            for count in 1..<bytes.count {
                let part = UnsafeBufferPointer(rebasing: all[..<count])
                #expect(parser.parse(part, into: request, limits: HeadLimits()) == .incomplete)
            }
            #expect(
                parser.parse(all, into: request, limits: HeadLimits())
                    == .head(consumed: bytes.count))
        }
        #expect(request.headers.count == 11)
        #expect(request.headers["field-9"]! == value)
    }
}
