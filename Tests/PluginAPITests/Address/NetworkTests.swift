import PluginAPI
import Testing

@Suite("Networks")
struct NetworkTests {
    @Test(
        "a network holds the addresses of its prefix, of its own family",
        arguments: [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"],
                ["11.0.0.0", "9.255.255.255", "::a00:0"]
            ),
            ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
            ("192.0.2.0/31", ["192.0.2.0", "192.0.2.1"], ["192.0.2.2"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "2001:db8::"]),
            ("::/0", ["::", "ffff::1"], ["1.2.3.4", "::ffff:1.2.3.4"]),
            ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "1.2.3.4"]),
            ("::1", ["::1"], ["::2", "0.0.0.1"]),
            ("::/64", ["::1"], ["1.2.3.4", "0:0:0:1::"]),
        ])
    func contains(network: String, inside: [String], outside: [String]) {
        let network = Network(network)!
        for address in inside { #expect(network.contains(IPAddress(address)!), "\(address)") }
        for address in outside { #expect(!network.contains(IPAddress(address)!), "\(address)") }
    }

    @Test(
        "text that is no network, or more than one, is refused",
        arguments: [
            "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
            "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0.0/ 8", "2001:db8::/129", "2001:db8::1/64",
            "localhost", "10.0.0/8", "10.0.0.0/a",
        ])
    func refused(text: String) {
        #expect(Network(text) == nil)
    }

    @Test("a network is written as it is read")
    func description() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32"] {
            #expect(Network(text)?.description == text)
        }
        #expect(Network("192.0.2.1")?.description == "192.0.2.1/32")
        #expect(Network("::1")?.description == "::1/128")
    }

    @Test("bits behind the prefix are cleared when it is made from an address")
    func fromAddress() {
        let network = Network(IPAddress("2001:db8:1:2:3:4:5:6")!, prefixLength: 64)
        #expect(network == Network("2001:db8:1:2::/64"))
        #expect(Network(IPAddress("10.1.2.3")!, prefixLength: 8) == Network("10.0.0.0/8"))
        #expect(Network(IPAddress("10.1.2.3")!, prefixLength: 0) == Network("0.0.0.0/0"))
    }
}
