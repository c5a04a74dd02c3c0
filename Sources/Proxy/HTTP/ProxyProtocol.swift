import PluginAPI

/// Reads the PROXY protocol's head, versions 1 and 2, which a load balancer sends before the
/// client's first byte (haproxy's proxy-protocol.txt).
package enum ProxyProtocol {
    package enum Result: Sendable, Equatable {
        /// Call again with the same bytes and more behind them.
        case incomplete
        /// - source: the client; nil when the balancer speaks for itself (LOCAL, UNKNOWN).
        case header(source: Peer?, consumed: Int)
        case invalid
    }

    package static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result { .incomplete }
}
