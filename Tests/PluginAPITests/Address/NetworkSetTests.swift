import PluginAPI
import Testing

@Suite("A set of networks")
struct NetworkSetTests {
    private func set(_ networks: String...) -> NetworkSet {
        NetworkSet(networks.compactMap { Network($0) })
    }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test("the first and the last address of a network are in it, their neighbours are not")
    func edges() throws {
        let set = set("192.0.2.64/26", "2001:db8::/32", "203.0.113.9")
        for inside in [
            "192.0.2.64", "192.0.2.127", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "203.0.113.9", "::ffff:203.0.113.9",
        ] {
            #expect(set.contains(try address(inside)), "\(inside)")
        }
        for outside in [
            "192.0.2.63", "192.0.2.128", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
            "203.0.113.8", "203.0.113.10", "::", "::1", "0.0.0.0",
        ] {
            #expect(!set.contains(try address(outside)), "\(outside)")
        }
    }

    @Test("all of IPv4 is no part of all of IPv6, and the other way round")
    func families() throws {
        let (v4, v6) = (set("0.0.0.0/0"), set("::/0"))
        for text in ["0.0.0.0", "255.255.255.255", "10.1.2.3"] {
            #expect(v4.contains(try address(text)))
            #expect(!v6.contains(try address(text)))
        }
        for text in ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1"] {
            #expect(v6.contains(try address(text)))
            #expect(!v4.contains(try address(text)))
        }
    }

    @Test("networks that overlap or touch become one range")
    func merges() {
        #expect(set("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "11.0.0.0/8").count == 1)
        #expect(set("10.0.0.0/8", "12.0.0.0/8", "2001:db8::/33", "2001:db8:8000::/33").count == 3)
        #expect(set("255.255.255.255", "255.255.255.254", "0.0.0.0/0").count == 1)
        #expect(set().count == 0)
    }

    @Test("peers on a unix socket are in it only when told")
    func local() {
        #expect(!NetworkSet([Network]()).contains(Peer.local))
        #expect(NetworkSet([Network](), containsLocal: true).contains(Peer.local))
    }

    @Test("it agrees with asking each network in turn")
    func agrees() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let networks = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                // Small numbers, so that networks overlap, touch and miss each other.
                let isV4 = Bool.random(using: &random)
                let number = UInt32.random(in: 0..<256, using: &random)
                return isV4
                    ? Network(IPAddress(v4: number), prefixLength: .random(in: 24...32))
                    : Network(
                        IPAddress(bits: UInt128(number)), prefixLength: .random(in: 120...128))
            }
            let set = NetworkSet(networks)
            for number in 0..<UInt32(300) {
                for address in [IPAddress(v4: number), IPAddress(bits: UInt128(number))] {
                    #expect(
                        set.contains(address) == networks.contains { $0.contains(address) },
                        "\(address) in \(networks)")
                }
            }
        }
    }
}
