import PluginAPI
import Proxy
import Testing

@Suite("The bounds of a head")
struct HeadLimitTests {
    let limits = HeadLimits(requestLine: 30, headers: 40, headerCount: 3)

    func line(_ length: Int) -> String {
        let around = "GET /".utf8.count + " HTTP/1.1".utf8.count
        return "GET /" + String(repeating: "a", count: length - around) + " HTTP/1.1"
    }

    @Test("a request line of just the limit is read, a longer one refused when it passes")
    func requestLine() {
        let rest = "\r\nHost: a\r\n\r\n"
        #expect(ReadHead.request(line(30) + rest, limits: limits).isWhole)
        #expect(ReadHead.request(line(31) + rest, limits: limits).error == .requestLineTooLong)
        #expect(
            ReadHead.request("GET /" + String(repeating: "a", count: 25), limits: limits).result
                == .incomplete)
        #expect(
            ReadHead.request("GET /" + String(repeating: "a", count: 26), limits: limits).error
                == .requestLineTooLong)
    }

    @Test("a header section of just the limit is read, a longer one refused when it passes")
    func headerSection() {
        // Host line 9, empty line 2, "X: " and CRLF 5.
        func head(_ value: Int) -> String {
            "\(line(30))\r\nHost: a\r\nX: \(String(repeating: "x", count: value))\r\n\r\n"
        }
        #expect(ReadHead.request(head(24), limits: limits).isWhole)
        #expect(ReadHead.request(head(24) + "a body", limits: limits).isWhole)
        #expect(ReadHead.request(head(25), limits: limits).error == .headersTooLarge)
        let endless = "\(line(30))\r\nHost: a\r\nX: \(String(repeating: "x", count: 28))"
        #expect(ReadHead.request(endless, limits: limits).error == .headersTooLarge)
        #expect(
            ReadHead.request(String(endless.dropLast()), limits: limits).result == .incomplete)
    }

    @Test("the section's limit holds within names, spaces and line ends too")
    func headerSectionEverywhere() {
        for line in ["a", "a: ", "a: \t", "a: b\r\n"] {
            let fields = String(repeating: line, count: 64)
            let head = ReadHead.request(
                "GET / HTTP/1.1\r\n\(fields)",
                limits: HeadLimits(requestLine: 30, headers: 40, headerCount: 100))
            #expect(head.error == .headersTooLarge, "\(line)")
        }
    }

    @Test("as many fields as the limit are read, one more is refused when it has come")
    func headerCount() {
        let three = "\(line(30))\r\nHost: a\r\nA: 1\r\nB: 2\r\n"
        #expect(ReadHead.request(three + "\r\n", limits: limits).isWhole)
        #expect(ReadHead.request(three + "C: 3\r\n", limits: limits).error == .tooManyHeaders)
    }

    @Test("an answer's head has the same bounds")
    func response() {
        let longLine = "HTTP/1.1 200 " + String(repeating: "a", count: 18)
        #expect(ReadHead.response(longLine, limits: limits).error == .statusLineTooLong)
        let many = "HTTP/1.1 200 OK\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
        #expect(ReadHead.response(many + "\r\n", limits: limits).isWhole)
        #expect(ReadHead.response(many + "A: 1\r\n", limits: limits).error == .tooManyHeaders)
        let large = "HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 40)
        #expect(ReadHead.response(large, limits: limits).error == .headersTooLarge)
    }
}
