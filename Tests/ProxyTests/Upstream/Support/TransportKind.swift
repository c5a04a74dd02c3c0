import Testing

@testable import Proxy

/// The implementations of the seam. Every test of it runs with each.
enum TransportKind: CaseIterable, CustomTestStringConvertible {
    /// Whole transfers by libcurl.
    case transfers
    /// Connections by libcurl, framed by us.
    case connections

    func make(_ loop: EventLoop) -> any Transport {
        switch self {
        case .transfers: CurlTransport(loop: loop)
        case .connections: ConnectionTransport(loop: loop)
        }
    }

    /// Those that speak HTTP/2 where the upstream does.
    static let speakingHTTP2 = allCases.filter { kind in
        switch kind {
        case .transfers: true
        case .connections: false
        }
    }

    var testDescription: String {
        switch self {
        case .transfers: "libcurl's transfers"
        case .connections: "framed connections"
        }
    }
}
