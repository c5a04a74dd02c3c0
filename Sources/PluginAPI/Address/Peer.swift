/// The other end of a connection.
public enum Peer: Sendable, Hashable, CustomStringConvertible {
    case address(IPAddress, port: UInt16)
    /// A unix socket: someone on this machine, without an address.
    case local

    public var address: IPAddress? {
        if case .address(let address, _) = self { address } else { nil }
    }

    public var description: String {
        switch self {
        case .address(let address, let port):
            address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .local: "unix"
        }
    }
}
