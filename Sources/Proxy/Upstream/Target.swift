import PluginAPI

/// One address at which an upstream can be reached.
package final class Target: Sendable {
    package let scheme: Scheme
    /// Name or address, without brackets.
    package let host: String
    package let port: Int
    /// For `unix:` targets: the socket's path.
    package let socketPath: String?
    package let weight: Int
    package let options: ConnectionOptions

    package enum Scheme: String, Sendable {
        case http, https
    }

    package init(
        scheme: Scheme, host: String, port: Int, socketPath: String? = nil, weight: Int = 1,
        options: ConnectionOptions
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.socketPath = socketPath
        self.weight = weight
        self.options = options
    }

    /// The value of the Host field: without the port where it is the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (scheme == .https ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// For logs and records.
    package var address: String {
        socketPath.map { "unix:\($0)" } ?? "\(scheme.rawValue)://\(authority)"
    }
}

/// How connections to a target are made.
package struct ConnectionOptions: Sendable {
    package var connectTimeout: Duration = .seconds(2)
    package var version = Version.automatic
    package var verifiesCertificates = true
    package var certificateAuthorities: String?

    package enum Version: String, Sendable, CaseIterable {
        case automatic = "auto"
        case http1 = "1.1"
        case http2 = "2"
    }

    package init() {}
}
