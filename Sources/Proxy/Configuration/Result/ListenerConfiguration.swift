import PluginAPI

/// An address that clients connect to.
package struct ListenerConfiguration: Sendable, Equatable {
    package let address: ListenAddress
    /// The peers whose connections begin with a PROXY protocol header; empty when none do.
    package let proxyProtocol: [Network]
}

/// Where a socket listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The host is kept as written; port 0 is any free port.
    case tcp(host: String, IPAddress, port: UInt16)
    case unix(path: String)

    /// Whether only this machine can reach it.
    var isLocal: Bool {
        switch self {
        case .tcp(_, let address, port: _):
            NetworkSource.loopbackNetworks.contains { $0.contains(address) }
        case .unix: true
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.tcp(_, let one, let port), .tcp(_, let other, let otherPort)):
            one == other && port == otherPort
        case (.unix(let path), .unix(let otherPath)): path == otherPath
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .tcp(_, let address, let port):
            hasher.combine(address)
            hasher.combine(port)
        case .unix(let path): hasher.combine(path)
        }
    }

    package var description: String {
        switch self {
        case .tcp(let host, _, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
