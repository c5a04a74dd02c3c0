import PluginAPI
import Proxy
import Testing

@Suite("The PROXY protocol")
struct ProxyProtocolTests {
    private func parse(_ bytes: [UInt8]) -> ProxyProtocol.Result {
        bytes.withUnsafeBufferPointer { ProxyProtocol.parse($0) }
    }

    private func peer(_ address: String, _ port: UInt16) -> Peer {
        .address(IPAddress(address)!, port: port)
    }

    static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        Self.signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    static let v4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB]

    @Test("a version 1 line tells the client's address")
    func text() {
        let cases: [(String, Peer?)] = [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443", peer("192.0.2.1", 56324)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 0 65535", peer("192.0.2.1", 0)),
            ("PROXY TCP6 2001:db8::1 ::1 1 2", peer("2001:db8::1", 1)),
            ("PROXY UNKNOWN", nil),
            ("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535", nil),
        ]
        for (line, source) in cases {
            let bytes = Array("\(line)\r\nGET".utf8)
            #expect(parse(bytes) == .header(source: source, consumed: line.utf8.count + 2))
        }
    }

    @Test(
        "a version 1 line that is malformed is refused",
        arguments: [
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n", "PROXY TCP4\r\n", "PROXY \r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 x\r\n",
            "PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n",
            "PROXY TCP4 2001:db8::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
            "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.1 x 1 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 1 \r\n",
            "PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n",
            "PROXY UNKNOWNX\r\n", "PROXY\r\n", "PUT / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n",
            "proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n", "\r\n\r\nGET",
        ])
    func badText(line: String) {
        #expect(parse(Array(line.utf8)) == .invalid)
    }

    @Test("a version 1 line ends within 107 bytes")
    func longLine() {
        let line = "PROXY UNKNOWN " + String(repeating: "x", count: 91)
        #expect(parse(Array("\(line)\r\n".utf8)) == .header(source: nil, consumed: 107))
        #expect(parse(Array("\(line)x\r\n".utf8)) == .invalid)
        #expect(parse(Array("\(line)x".utf8)) == .incomplete)
        #expect(parse(Array("\(line)xx".utf8)) == .invalid)
    }

    @Test("a version 2 head tells the client's address")
    func binary() {
        let v6 =
            [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
            + [UInt8](repeating: 0, count: 16) + [0x00, 0x50, 0x01, 0xBB]
        let cases: [([UInt8], Peer?)] = [
            (binary(0x21, 0x11, Self.v4), peer("192.0.2.1", 56324)),
            (binary(0x21, 0x12, Self.v4), peer("192.0.2.1", 56324)),
            (binary(0x21, 0x11, Self.v4 + [0x04, 0, 1, 0]), peer("192.0.2.1", 56324)),
            (binary(0x21, 0x21, v6), peer("2001:db8::1", 80)),
            (binary(0x21, 0x31, [UInt8](repeating: 0, count: 216)), .local),
            (binary(0x21, 0x00, []), nil),
            (binary(0x20, 0x00, []), nil),
            (binary(0x20, 0xFF, [1, 2, 3]), nil),
            (
                binary(0x21, 0x11, Self.v4 + [UInt8](repeating: 0, count: 65523)),
                peer("192.0.2.1", 56324)
            ),
        ]
        for (head, source) in cases {
            #expect(
                parse(head + Array("GET".utf8)) == .header(source: source, consumed: head.count))
        }
    }

    @Test("an IPv4 client that comes as a mapped IPv6 address is the IPv4 client")
    func mappedAddress() {
        let mapped =
            [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]
            + [UInt8](repeating: 0, count: 16) + [0, 80, 0, 80]
        let head = binary(0x21, 0x21, mapped)
        #expect(parse(head) == .header(source: peer("192.0.2.1", 80), consumed: head.count))
    }

    @Test("a version 2 head that is malformed is refused")
    func badBinary() {
        let short = [UInt8](repeating: 0, count: 11)
        for head in [
            binary(0x22, 0x11, Self.v4), binary(0x11, 0x11, Self.v4), binary(0x31, 0x11, Self.v4),
            binary(0x21, 0x13, Self.v4), binary(0x21, 0x41, Self.v4), binary(0x21, 0x11, short),
            binary(0x21, 0x21, Self.v4), binary(0x21, 0x31, Self.v4),
        ] {
            #expect(parse(head) == .invalid)
        }
    }

    @Test("a head that is not whole is waited for, whatever byte it stops at")
    func incomplete() {
        for head in [
            Array("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".utf8),
            binary(0x21, 0x11, Self.v4), binary(0x20, 0x00, []),
        ] {
            for count in 0..<head.count {
                #expect(parse(Array(head[..<count])) == .incomplete)
            }
        }
    }

    @Test("anything else is refused at its first wrong byte")
    func firstWrongByte() {
        for count in 1..<12 {
            var bytes = Array(Self.signature[..<count])
            bytes[count - 1] ^= 0x40
            #expect(parse(bytes) == .invalid)
        }
        for text in ["X", "PX", "PROXZ", "PROXYX", "GET"] {
            #expect(parse(Array(text.utf8)) == .invalid)
        }
    }
}
