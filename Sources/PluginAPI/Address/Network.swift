/// A range of addresses with a common prefix (RFC 4632).
public struct Network: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// In bits of the written family: 0 to 32 or 0 to 128.
    public let prefixLength: Int
    private let mask: UInt128

    /// The network of that prefix length around an address; bits behind the prefix are cleared.
    /// - Precondition: `prefixLength` is within 0...32 for IPv4, 0...128 for IPv6.
    public init(_ address: IPAddress, prefixLength: Int) {
        let width = address.isV4 ? 32 : 128
        precondition((0...width).contains(prefixLength), "a prefix longer than the address")
        let hostBits = width - prefixLength
        mask = hostBits == 128 ? 0 : UInt128.max << UInt128(hostBits)
        self.address = IPAddress(bits: address.bits & mask)
        self.prefixLength = prefixLength
    }

    /// Of which a client's address tells it from others: the whole of an IPv4 address, and as much of an
    /// IPv6 address as one client is commonly given.
    /// - Precondition: `ipv6Prefix` is within 0...128.
    public init(ofClient address: IPAddress, ipv6Prefix: Int = 64) {
        self.init(address, prefixLength: address.isV4 ? 32 : ipv6Prefix)
    }

    /// Reads CIDR notation, `10.0.0.0/8`, or a single address. Bits behind the prefix must be zero,
    /// because an operator who wrote some meant something else.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let read = text.withUTF8({ Network($0) }) else { return nil }
        self = read
    }

    /// The same from bytes. No allocation.
    public init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        guard
            let address = IPAddress(UnsafeBufferPointer(rebasing: bytes[..<(slash ?? bytes.count)]))
        else { return nil }
        let width = address.isV4 ? 32 : 128
        var length = width
        if let slash {
            let digits = UnsafeBufferPointer(rebasing: bytes[(slash + 1)...])
            guard let written = ASCII.decimal(digits), written <= width,
                digits.count == 1 || digits[0] != UInt8(ascii: "0")
            else { return nil }
            length = written
        }
        self.init(address, prefixLength: length)
        guard self.address == address else { return nil }
    }

    /// The last address; `address` is the first.
    public var lastAddress: IPAddress { IPAddress(bits: address.bits | ~mask) }

    public func contains(_ other: IPAddress) -> Bool {
        // An IPv4 network never holds an IPv6 address and the other way round; the mapped prefix
        // keeps them apart for all but the IPv6 networks that are wider than it.
        other.bits & mask == address.bits && other.isV4 == address.isV4
    }

    public var description: String { "\(address)/\(prefixLength)" }
}
