import PluginAPI

/// Where requests of one kind go, and through which plugins.
package final class Route: Sendable {
    package let name: String
    /// Its place in the file, where its metrics are.
    package let number: Int
    package let match: RouteMatch
    package let chain: Chain
    /// Nil where a plugin is to answer.
    package let upstream: Upstream?
    package let rewrite: RewriteConfiguration?

    package init(
        name: String, number: Int, match: RouteMatch, chain: Chain, upstream: Upstream?,
        rewrite: RewriteConfiguration? = nil
    ) {
        self.name = name
        self.number = number
        self.match = match
        self.chain = chain
        self.upstream = upstream
        self.rewrite = rewrite
    }
}

/// Which requests a route is for.
package struct RouteMatch: Sendable {
    /// Lower-case; `*.example.com` stands for every name below it. Empty: any host.
    private let hosts: [[UInt8]]
    /// Empty: any method.
    private let methods: [[UInt8]]
    private let path: [UInt8]
    private let isPrefix: Bool

    /// - Parameter path: exact, or a prefix that ends in `/*`.
    package init(hosts: [String] = [], methods: [String] = [], path: String) {
        self.hosts = hosts.map { Array($0.lowercased().utf8) }
        self.methods = methods.map { Array($0.utf8) }
        isPrefix = path.hasSuffix("/*")
        self.path = Array((isPrefix ? String(path.dropLast()) : path).utf8)
    }

    func matches(_ request: Request) -> Bool {
        matchesPath(request) && (methods.isEmpty || matchesMethod(request))
            && (hosts.isEmpty || matchesHost(request))
    }

    private func matchesPath(_ request: Request) -> Bool {
        request.pathBytes.withBytes { bytes in
            guard isPrefix ? bytes.count >= path.count : bytes.count == path.count else {
                return false
            }
            return path.withUnsafeBufferPointer {
                ASCII.equals($0, UnsafeBufferPointer(rebasing: bytes.prefix($0.count)))
            }
        }
    }

    private func matchesMethod(_ request: Request) -> Bool {
        request.methodBytes.withBytes { bytes in
            methods.contains { $0.withUnsafeBufferPointer { ASCII.equals($0, bytes) } }
        }
    }

    private func matchesHost(_ request: Request) -> Bool {
        guard let host = request.headers.first(.host) else { return false }
        return host.withBytes { bytes in
            let name = Self.withoutPort(bytes)
            return hosts.contains { wanted in
                wanted.withUnsafeBufferPointer { wanted in
                    guard wanted.first == UInt8(ascii: "*") else {
                        return ASCII.equalsIgnoringCase(wanted, name)
                    }
                    let suffix = UnsafeBufferPointer(rebasing: wanted.dropFirst())
                    return name.count > suffix.count
                        && ASCII.equalsIgnoringCase(
                            suffix, UnsafeBufferPointer(rebasing: name.suffix(suffix.count)))
                }
            }
        }
    }

    /// `example.com:8080` and `[::1]:8080` without the port.
    private static func withoutPort(_ host: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<
        UInt8
    > {
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")) else { return host }
        let isInBrackets = host[colon...].contains(UInt8(ascii: "]"))
        return isInBrackets ? host : UnsafeBufferPointer(rebasing: host[..<colon])
    }
}
