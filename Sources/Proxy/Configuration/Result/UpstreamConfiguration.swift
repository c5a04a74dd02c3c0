import PluginAPI

/// A service that requests are passed on to.
package struct UpstreamConfiguration: Sendable {
    package let name: String
    /// At least one.
    package let targets: [TargetConfiguration]
    package let balance: Balance
    /// Set on every request, in the order of the file: valid names and values, none that frames the message.
    package let headers: [(String, String)]
    package let timeouts: UpstreamTimeoutConfiguration
    /// Requests under way at once, over all workers.
    package let connections: Int
    package let httpVersion: UpstreamHTTPVersion
    package let tls: UpstreamTLSConfiguration
    package let health: HealthConfiguration
}

package struct TargetConfiguration: Sendable, Equatable {
    package let address: TargetAddress
    /// Its share among the targets, at least 1.
    package let weight: Int
}

/// Where an upstream is reached.
package enum TargetAddress: Sendable, Hashable, CustomStringConvertible {
    /// The host is lower-case; an IPv6 address stands without brackets.
    case tcp(isSecure: Bool, host: String, port: UInt16)
    /// Plain HTTP over a unix socket.
    case unix(path: String)

    /// As a URL; a port that the scheme implies is left out.
    package var description: String {
        switch self {
        case .unix(let path): return "unix:\(path)"
        case .tcp(let isSecure, let host, let port):
            let scheme = isSecure ? "https" : "http"
            let bracketed = host.contains(":") ? "[\(host)]" : host
            return port == (isSecure ? 443 : 80)
                ? "\(scheme)://\(bracketed)" : "\(scheme)://\(bracketed):\(port)"
        }
    }
}

/// How a target is chosen among several.
package enum Balance: String, SettingChoice {
    case roundRobin = "round-robin"
    case leastRequests = "least-requests"
    case random
}

package struct UpstreamTimeoutConfiguration: Sendable, Equatable {
    /// For resolving, connecting and TLS together.
    package let connect: Duration
    /// From the end of the request to the end of the answer's head.
    package let responseHeaders: Duration
    /// Between two runs of body bytes.
    package let idle: Duration
}

package enum UpstreamHTTPVersion: String, SettingChoice {
    /// What the target offers.
    case auto
    case http1 = "1.1"
    case http2 = "2"
}

package struct UpstreamTLSConfiguration: Sendable, Equatable {
    /// Whether the target must prove its name.
    package let verify: Bool
    /// The absolute path of a file of trusted certificates; nil for the system's.
    package let caFile: String?
}
