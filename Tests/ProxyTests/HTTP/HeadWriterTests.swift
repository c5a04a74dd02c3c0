import PluginAPI
import Proxy
import Testing

@Suite("Writing heads")
struct HeadWriterTests {
    private func written(_ write: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        write(&buffer)
        return String(decoding: buffer.readable, as: UTF8.self)
    }

    private func response(_ status: Int, _ fields: [(HeaderName, String)] = []) -> Response {
        let response = Response()
        response.status = status
        for (name, value) in fields { response.headers.append(name, value) }
        return response
    }

    private func request(_ text: String) -> Request {
        let request = Request()
        var parser = RequestParser()
        Array(text.utf8).withUnsafeBufferPointer {
            _ = parser.parse($0, into: request, limits: HeadLimits())
        }
        return request
    }

    @Test("an answer has its fields in order, then its framing and its connection")
    func response() {
        let response = response(
            404,
            [
                ("Content-Length", "999"), ("B", "1"), ("Connection", "x"), ("A", ""),
                ("Transfer-Encoding", "x"), ("Keep-Alive", "x"), ("B", "2"), ("Upgrade", "x"),
            ])
        #expect(
            written {
                HeadWriter.writeResponse(
                    response, framing: .length(5), keepAlive: true, minorVersion: 1, date: nil,
                    to: &$0)
            } == "HTTP/1.1 404 Not Found\r\nB: 1\r\nA: \r\nB: 2\r\nContent-Length: 5\r\n\r\n")
    }

    @Test(
        "framing and connection are written as told",
        arguments: [
            (.none, true, 1, ""), (.none, false, 1, "Connection: close\r\n"),
            (.none, true, 0, "Connection: keep-alive\r\n"),
            (.none, false, 0, "Connection: close\r\n"),
            (.length(0), true, 1, "Content-Length: 0\r\n"),
            (.chunked, true, 1, "Transfer-Encoding: chunked\r\n"),
            (.chunked, false, 1, "Transfer-Encoding: chunked\r\nConnection: close\r\n"),
            (.untilClose, true, 1, "Connection: close\r\n"),
            (.untilClose, true, 0, "Connection: close\r\n"),
        ] as [(BodyFraming, Bool, Int, String)])
    func asTold(framing: BodyFraming, keepAlive: Bool, minorVersion: Int, lines: String) {
        let response = response(200)
        #expect(
            written {
                HeadWriter.writeResponse(
                    response, framing: framing, keepAlive: keepAlive, minorVersion: minorVersion,
                    date: nil, to: &$0)
            } == "HTTP/1.1 200 OK\r\n\(lines)\r\n")
    }

    @Test("Date is added where the answer has none")
    func date() {
        let date = DateField(WallTime(microseconds: 784_111_777_000_000))
        func text(_ response: Response) -> String {
            written {
                HeadWriter.writeResponse(
                    response, framing: .none, keepAlive: true, minorVersion: 1, date: date, to: &$0)
            }
        }
        #expect(
            text(response(204))
                == "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
        #expect(
            text(response(204, [("date", "mine")]))
                == "HTTP/1.1 204 No Content\r\ndate: mine\r\n\r\n")
    }

    @Test("a status without a known reason has none, and a number that is no status becomes 500")
    func statuses() {
        for (status, line) in [
            (599, "599 "), (299, "299 "), (100, "100 Continue"),
            (431, "431 Request Header Fields Too Large"),
            (0, "500 Internal Server Error"), (1000, "500 Internal Server Error"),
            (-1, "500 Internal Server Error"),
        ] {
            let response = response(status)
            #expect(
                written {
                    HeadWriter.writeResponse(
                        response, framing: .none, keepAlive: true, minorVersion: 1, date: nil,
                        to: &$0)
                } == "HTTP/1.1 \(line)\r\n\r\n")
        }
    }

    @Test("a request keeps its method, target and fields, whatever form they came in")
    func request() {
        let cases = [
            (
                "PURGE /a//b?c=%zz HTTP/1.0\r\nHost:a\r\nX:  y \r\nX: z\r\nConnection: q\r\n\r\n",
                "PURGE /a//b?c=%zz HTTP/1.1\r\nHost: a\r\nX: y\r\nX: z\r\n\r\n"
            ),
            (
                "GET http://b.test?q HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /?q HTTP/1.1\r\nHost: b.test\r\n\r\n"
            ),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
            (
                "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n"
            ),
            (
                "GET / HTTP/1.0\r\nHost: a\r\nExpect: tea\r\nA: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n"
            ),
            ("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n"),
        ]
        for (received, sent) in cases {
            let request = request(received)
            #expect(written { HeadWriter.writeRequest(request, framing: .none, to: &$0) } == sent)
        }
    }

    @Test("changed, added and removed fields are written with the untouched ones around them")
    func changedFields() {
        let request = request(
            "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD:4\r\nE: 5\r\n\r\n")
        request.headers.set("b", to: "changed")
        request.headers.remove("c")
        request.headers.append("F", "added")
        #expect(
            written { HeadWriter.writeRequest(request, framing: .length(2), to: &$0) }
                == "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: changed\r\nD: 4\r\nE: 5\r\nF: added\r\n"
                + "Content-Length: 2\r\n\r\n")
    }

    @Test(
        "a path's prefix can be removed and another added",
        arguments: [
            ("GET /api/v1/x?y", 4, "/new", "GET /new/v1/x?y"),
            ("GET /api/v1/x", 4, "", "GET /v1/x"),
            ("GET /api", 4, "", "GET /"), ("GET /api?y", 4, "", "GET /?y"),
            ("GET /api", 4, "/new", "GET /new"), ("GET /api/x", 5, "", "GET /x"),
            ("GET /x", 0, "/new", "GET /new/x"), ("OPTIONS *", 0, "/new", "OPTIONS *"),
        ])
    func rewrite(received: String, removed: Int, added: String, sent: String) {
        let request = request("\(received) HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = Array(added.utf8).withUnsafeBufferPointer { added in
            written {
                HeadWriter.writeRequest(
                    request, pathPrefixRemoved: removed, pathPrefixAdded: added,
                    framing: .chunked, keepAlive: false, to: &$0)
            }
        }
        #expect(
            text == "\(sent) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n")
    }

    @Test("line breaks in a plugin's value cannot make a field")
    func injection() {
        let response = response(200, [("X", "a\r\nSet-Cookie: b\u{0}")])
        #expect(
            written {
                HeadWriter.writeResponse(
                    response, framing: .none, keepAlive: true, minorVersion: 1, date: nil, to: &$0)
            } == "HTTP/1.1 200 OK\r\nX: a  Set-Cookie: b \r\n\r\n")
    }

    @Test("chunks have their size in hexadecimal, and an empty one is not written")
    func chunks() {
        #expect(
            written { buffer in
                for count in [0, 1, 31, 0] {
                    [UInt8](repeating: 0x78, count: count).withUnsafeBufferPointer {
                        ChunkWriter.write($0, to: &buffer)
                    }
                }
                ChunkWriter.writeLast(to: &buffer)
            } == "1\r\nx\r\n1f\r\n\(String(repeating: "x", count: 31))\r\n0\r\n\r\n")
    }

    @Test("trailers are written without framing fields")
    func trailers() {
        let trailers = Headers()
        for name in ["A", "Content-Length", "Transfer-Encoding", "Connection", "B"] {
            trailers.append(HeaderName(name)!, "1")
        }
        #expect(
            written { ChunkWriter.writeLast(trailers: trailers, to: &$0) }
                == "0\r\nA: 1\r\nB: 1\r\n\r\n")
    }
}
