/// Networks to look addresses up in: a hundred thousand of them cost about as much as one.
///
/// Networks that overlap or touch become one range. A range takes 8 bytes for IPv4 and 32 for IPv6.
public struct NetworkSet: Sendable {
    private let v4: SortedRanges<UInt32>
    private let v6: SortedRanges<UInt128>
    private let containsLocal: Bool

    /// - Parameter containsLocal: whether peers on a unix socket are meant too.
    public init(_ networks: some Sequence<Network>, containsLocal: Bool = false) {
        var v4: [ClosedRange<UInt32>] = []
        var v6: [ClosedRange<UInt128>] = []
        for network in networks {
            let (first, last) = (network.address.bits, network.lastAddress.bits)
            if network.address.isV4 {
                v4.append(UInt32(truncatingIfNeeded: first)...UInt32(truncatingIfNeeded: last))
            } else {
                v6.append(first...last)
            }
        }
        self.v4 = SortedRanges(v4)
        self.v6 = SortedRanges(v6)
        self.containsLocal = containsLocal
    }

    /// How many ranges there are, those merged counted as one.
    public var count: Int { v4.count + v6.count }

    public func contains(_ address: IPAddress) -> Bool {
        address.isV4
            ? v4.contains(UInt32(truncatingIfNeeded: address.bits)) : v6.contains(address.bits)
    }

    public func contains(_ peer: Peer) -> Bool {
        switch peer {
        case .address(let address, _): contains(address)
        case .local: containsLocal
        }
    }
}
