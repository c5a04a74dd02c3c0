import PluginAPI

/// What is offered at a listening address.
final class Endpoint: Sendable {
    let service: Service
    /// Peers in these networks begin with a PROXY protocol head.
    private let proxyProtocol: [Network]

    enum Service: Sendable {
        /// Requests go through the routes.
        case proxy
        /// Requests are answered here.
        case admin(any LocalService)
    }

    init(_ service: Service, proxyProtocol: [Network] = []) {
        self.service = service
        self.proxyProtocol = proxyProtocol
    }

    func expectsProxyHead(from peer: Peer) -> Bool {
        guard !proxyProtocol.isEmpty, let address = peer.address else { return false }
        return proxyProtocol.contains { $0.contains(address) }
    }
}
