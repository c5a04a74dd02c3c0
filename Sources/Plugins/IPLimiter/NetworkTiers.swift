import PluginAPI

/// Lists of networks in an order: an address belongs to the first list that holds it.
///
/// A network takes up to 12 bytes for IPv4 and 36 for IPv6, and a hundred thousand of them cost a look-up
/// about as much as a hundred.
package struct NetworkTiers: Sendable {
    private let v4: RangeMap<UInt32>
    private let v6: RangeMap<UInt128>

    /// - Precondition: there are fewer than 65,535 lists.
    package init(_ lists: [[Network]]) {
        var v4: [RangeMap<UInt32>.Entry] = []
        var v6: [RangeMap<UInt128>.Entry] = []
        for (index, networks) in lists.enumerated() {
            for network in networks {
                let (first, last) = (network.address.bits, network.lastAddress.bits)
                if network.address.isV4 {
                    let range = UInt32(truncatingIfNeeded: first)...UInt32(truncatingIfNeeded: last)
                    v4.append(.init(range: range, value: UInt16(index)))
                } else {
                    v6.append(.init(range: first...last, value: UInt16(index)))
                }
            }
        }
        self.v4 = RangeMap(v4)
        self.v6 = RangeMap(v6)
    }

    /// The place of the first list that holds an address; nil when none does.
    package func first(holding address: IPAddress) -> Int? {
        let value =
            address.isV4
            ? v4.value(of: UInt32(truncatingIfNeeded: address.bits)) : v6.value(of: address.bits)
        return value.map(Int.init)
    }
}
