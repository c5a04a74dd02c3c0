import PluginAPI
import Proxy
import Testing

@Suite("Fields that end at a proxy")
struct HopByHopTests {
    private func left(_ fields: String) -> [String] {
        let request = Request()
        var parser = RequestParser()
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
        let result = Array(text.utf8).withUnsafeBufferPointer {
            parser.parse($0, into: request, limits: HeadLimits())
        }
        #expect(result == .head(consumed: text.utf8.count))
        HopByHop.remove(from: request.headers)
        return Array(ReadHead.lines(of: request.headers).dropFirst())
    }

    @Test("they are removed in any case, and nothing else")
    func standard() {
        #expect(
            left(
                "A: 1\r\nconnection: close\r\nKEEP-ALIVE: 5\r\nProxy-Connection: x\r\nTE: trailers\r\n"
                    + "Trailer: x\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\n"
                    + "Proxy-Authenticate: x\r\nProxy-Authorization: x\r\nB: 2\r\n")
                == ["A: 1", "B: 2"])
        #expect(left("A: 1\r\nB: 2\r\n") == ["A: 1", "B: 2"])
        #expect(left("Upgrade: x\r\nB: 2\r\n") == ["B: 2"])
    }

    @Test("those that Connection names are removed with all their repetitions")
    func named() {
        #expect(
            left(
                "X-Hop: 1\r\nConnection: x-hop , close,,Y\r\nx-HOP: 2\r\nConnection: z\r\n"
                    + "Y: 1\r\nZ: 1\r\nX-Ho: 1\r\nclose: 1\r\n") == ["X-Ho: 1", "close: 1"])
    }

    @Test(
        "Connection cannot take away what is meant for the other end",
        arguments: [
            "Content-Length: 5", "Authorization: x", "Cache-Control: x", "Content-Type: x",
            "Cookie: x", "Date: x", "Forwarded: x", "Via: x", "X-Forwarded-For: x",
            "X-Forwarded-Host: x", "X-Forwarded-Proto: x", "X-Real-IP: x", "X-Request-ID: x",
        ])
    func endToEnd(field: String) {
        let name = field.split(separator: ":")[0]
        #expect(left("\(field)\r\nConnection: close, \(name)\r\n") == [field])
    }

    @Test("Host stays when Connection names it")
    func host() {
        let request = Request()
        var parser = RequestParser()
        Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n".utf8)
            .withUnsafeBufferPointer {
                _ = parser.parse($0, into: request, limits: HeadLimits())
            }
        HopByHop.remove(from: request.headers)
        #expect(ReadHead.lines(of: request.headers) == ["Host: a"])
    }
}
