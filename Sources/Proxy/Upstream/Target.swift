import PluginAPI
import Synchronization

/// One address at which an upstream can be reached, and how connections to it are made.
package final class Target: Sendable {
    package let address: TargetAddress
    package let weight: Int
    /// For resolving, connecting and TLS together.
    package let connectTimeout: Duration
    package let version: UpstreamHTTPVersion
    package let tls: UpstreamTLSConfiguration
    /// The value of the Host field: without the port where it is the scheme's own.
    let authority: String
    /// The address as records and logs show it.
    let name: String
    let isSecure: Bool
    /// The same for those who watch an exchange.
    let observed: AttemptTarget

    private let retired = Atomic(false)

    package init(
        _ address: TargetAddress, weight: Int = 1, connectTimeout: Duration = .seconds(2),
        version: UpstreamHTTPVersion = .auto,
        tls: UpstreamTLSConfiguration = .init(verify: true, caFile: nil)
    ) {
        self.address = address
        self.weight = weight
        self.connectTimeout = connectTimeout
        self.version = version
        self.tls = tls
        name = address.description
        switch address {
        case .unix(let path):
            authority = "localhost"
            isSecure = false
            observed = AttemptTarget(host: path, port: nil, isSecure: false)
        case .tcp(let isSecure, let host, let port):
            self.isSecure = isSecure
            let name = host.contains(":") ? "[\(host)]" : host
            authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
            observed = AttemptTarget(host: host, port: Int(port), isSecure: isSecure)
        }
    }

    /// Whether it is not configured any more; requests that began before may still go there.
    var isRetired: Bool { retired.load(ordering: .relaxed) }

    func retire() { retired.store(true, ordering: .relaxed) }
}
