import PluginAPI
import Testing

@Suite("Addresses")
struct IPAddressTests {
    @Test(
        "text is read and written in its canonical form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8::0:1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"),
            (
                "1111:2222:3333:4444:5555:6666:123.123.123.123",
                "1111:2222:3333:4444:5555:6666:7b7b:7b7b"
            ),
        ])
    func canonical(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(canonical) == IPAddress(text))
        #expect(IPAddress(Substring(text)) == IPAddress(text))
    }

    @Test(
        "anything but an address alone is refused",
        arguments: [
            "", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80",
            "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.-4", "[::1]", "::1%eth0", ":::", "1::2::3",
            "12345::", "g::", "1.2.3.4/8", "localhost", "1.2.3.4\0", "\01.2.3.4",
            "1111:2222:3333:4444:5555:6666:123.123.123.1234",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("families and loopback are told apart")
    func kinds() {
        #expect(IPAddress("127.0.0.1")!.isLoopback)
        #expect(IPAddress("127.255.1.2")!.isLoopback)
        #expect(IPAddress("::1")!.isLoopback)
        #expect(IPAddress("::ffff:127.0.0.1")!.isLoopback)
        #expect(!IPAddress("128.0.0.1")!.isLoopback)
        #expect(!IPAddress("::2")!.isLoopback)
        #expect(!IPAddress("::7f00:1")!.isLoopback)
        #expect(IPAddress("1.2.3.4")!.isV4)
        #expect(!IPAddress("::1.2.3.4")!.isV4)
        #expect(IPAddress(v4: 0x0102_0304) == IPAddress("1.2.3.4"))
        #expect(IPAddress(bits: 1) == IPAddress("::1"))
    }

    @Test("a peer is written with its port")
    func peers() {
        #expect("\(Peer.address(IPAddress("1.2.3.4")!, port: 80))" == "1.2.3.4:80")
        #expect("\(Peer.address(IPAddress("::1")!, port: 80))" == "[::1]:80")
        #expect("\(Peer.local)" == "unix")
        #expect(Peer.local.address == nil)
        #expect(Peer.address(IPAddress("::1")!, port: 80).address == IPAddress("::1"))
    }
}
