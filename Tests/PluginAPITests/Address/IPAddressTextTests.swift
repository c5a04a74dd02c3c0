import Glibc
import PluginAPI
import Testing

@Suite("The text of addresses")
struct IPAddressTextTests {
    @Test(
        "an address is written as RFC 5952 says",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("0:0:0:0:0:0:0:1", "::1"),
            ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:0:4:5:6:0:0", "1::4:5:6:0:0"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("a:b:c:d:e:f:0:0", "a:b:c:d:e:f::"), ("0:0:c:d:e:f:0:0", "::c:d:e:f:0:0"),
            ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("1.20.30.4", "1.20.30.4"),
            ("100.99.10.9", "100.99.10.9"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ])
    func canonical(text: String, expected: String) {
        #expect(IPAddress(text)?.description == expected)
    }

    @Test("random IPv6 addresses are written as the C library writes them, and read back")
    func agreesWithTheLibrary() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bits: UInt128 = 0
            for _ in 0..<8 {
                // Many zeros, for their runs are the difficult part.
                let group: UInt16 =
                    Bool.random(using: &random)
                    ? 0 : UInt16.random(in: 0...0xFFFF, using: &random) >> UInt16.random(in: 0...12)
                bits = bits << 16 | UInt128(group)
            }
            // The library writes IPv4 addresses within IPv6 in dots.
            guard bits >> 32 != 0, bits >> 32 != 0xFFFF else { continue }
            let address = IPAddress(bits: bits)
            #expect(address.description == Self.libraryText(bits))
            #expect(IPAddress(address.description) == address)
        }
    }

    private static func libraryText(_ bits: UInt128) -> String {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { $0.storeBytes(of: bits.bigEndian, as: UInt128.self) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &address, &text, socklen_t(INET6_ADDRSTRLEN))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
