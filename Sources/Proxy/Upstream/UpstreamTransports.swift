/// All ways of sending requests of one loop; each target has the one that suits it.
///
/// HTTP/1.1 goes over connections that are framed here, for a fraction of the cost of libcurl's
/// transfers. What is or may become HTTP/2 is a matter for transfers, and with it every target with TLS
/// that offers both, because what is spoken there is known only when a connection has been made.
package final class UpstreamTransports: Transport {
    private let connections: ConnectionTransport
    private let transfers: CurlTransport

    package init(loop: EventLoop) {
        connections = ConnectionTransport(loop: loop)
        transfers = CurlTransport(loop: loop)
    }

    package func start(
        _ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver
    ) -> any Transfer {
        if Self.speaksOnlyHTTP1(target) {
            connections.start(outgoing, to: target, receiver)
        } else {
            transfers.start(outgoing, to: target, receiver)
        }
    }

    package func retire(_ target: Target) {
        if Self.speaksOnlyHTTP1(target) {
            connections.retire(target)
        } else {
            transfers.retire(target)
        }
    }

    private static func speaksOnlyHTTP1(_ target: Target) -> Bool {
        switch target.version {
        case .http1: true
        case .auto: !target.isSecure
        case .http2: false
        }
    }
}
