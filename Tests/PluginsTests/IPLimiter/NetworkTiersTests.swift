import PluginAPI
import Testing

@testable import Plugins

@Suite("Networks in tiers")
struct NetworkTiersTests {
    /// Goes through all, which is too simple to be wrong.
    private func reference(_ lists: [[Network]], _ address: IPAddress) -> Int? {
        lists.firstIndex { $0.contains { $0.contains(address) } }
    }

    @Test("an address belongs to the first list that holds it, however networks nest and touch")
    func againstReference() throws {
        var numbers = SplitMix64(seed: 3)
        for _ in 0..<300 {
            // Few addresses, so that much is nested, repeated and adjacent.
            func address(_ isV4: Bool, _ number: UInt8) -> IPAddress {
                isV4
                    ? IPAddress(v4: number < 16 ? UInt32(number) : .max - UInt32(255 - number))
                    : IPAddress(
                        bits: number < 16 ? UInt128(number) : .max - UInt128(255 - number))
            }
            func network(_ isV4: Bool) -> Network {
                let width = isV4 ? 32 : 128
                return Network(
                    address(isV4, UInt8.random(in: 0...255, using: &numbers)),
                    prefixLength: Int.random(in: 0..<8, using: &numbers) == 0
                        ? Int.random(in: 0...width, using: &numbers)
                        : Int.random(in: (width - 8)...width, using: &numbers))
            }
            let lists = (0..<Int.random(in: 0...5, using: &numbers)).map { _ in
                (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                    network(Bool.random(using: &numbers))
                }
            }
            let tiers = NetworkTiers(lists)
            for isV4 in [true, false] {
                for number in 0...255 {
                    let address = address(isV4, UInt8(number))
                    try #require(
                        tiers.first(holding: address) == reference(lists, address),
                        "\(address) in \(lists)")
                }
            }
        }
    }

    @Test("the ends of the address space belong where they do")
    func ends() {
        let tiers = NetworkTiers([
            ["255.255.255.255", "0.0.0.0"].compactMap { Network($0) },
            ["0.0.0.0/0", "::/0"].compactMap { Network($0) },
        ])
        for (text, tier) in [
            ("0.0.0.0", 0), ("0.0.0.1", 1), ("255.255.255.254", 1), ("255.255.255.255", 0),
            ("::", 1),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1),
        ] { #expect(IPAddress(text).flatMap(tiers.first) == tier) }
        #expect(NetworkTiers([]).first(holding: IPAddress(v4: 1)) == nil)
    }
}
