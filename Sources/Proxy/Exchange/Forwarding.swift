import PluginAPI

/// What changes in a message's head on its way through a proxy (RFC 9110 §7.6).
enum Forwarding {
    /// Takes out what ends here, and adds what the next hop is to know.
    static func prepareRequest(_ exchange: Exchange, route: Route) {
        let headers = exchange.request.headers
        HopByHop.remove(from: headers)
        // Its 100 Continue is said here, when the body is wanted.
        headers.remove(.expect)
        headers.remove(.xSluiceExplain)
        // The version in which the message was received (RFC 9110 §7.6.3).
        appendVia(headers, exchange.request.minorVersion == 1 ? "1.1 sluice" : "1.0 sluice")
        setForwarded(exchange)
        setOriginForm(exchange.request)
        if let rewrite = route.rewrite { apply(rewrite, exchange.request) }
        guard let upstream = route.upstream else { return }
        for (name, value) in upstream.headers { headers.set(name, to: value) }
    }

    /// The upstream's own name, unless the operator gave another.
    static func setHost(_ exchange: Exchange, target: Target, upstream: Upstream) {
        if upstream.setsHost { return }
        exchange.request.headers.set(.host, to: target.authority)
    }

    static func prepareResponse(_ response: Response) {
        HopByHop.remove(from: response.headers)
        appendVia(response.headers, "1.1 sluice")
    }

    private static func appendVia(_ headers: Headers, _ via: StaticString) {
        headers.append(.via, bytes: via.bytes)
    }

    /// X-Forwarded-For, -Proto and -Host from what is established, whatever the client claims.
    private static func setForwarded(_ exchange: Exchange) {
        let headers = exchange.request.headers
        setForwardedFor(exchange)
        headers.set(.xForwardedProto, to: exchange[Facts.forwardedProto] ?? "http")
        if let host = exchange[Facts.forwardedHost] {
            headers.set(.xForwardedHost, to: host)
        } else if let host = headers.first(.host) {
            host.withBytes { headers.set(.xForwardedHost, toBytes: $0) }
        } else {
            headers.remove(.xForwardedHost)
        }
    }

    /// Who is established, and the peer behind them.
    private static func setForwardedFor(_ exchange: Exchange) {
        let headers = exchange.request.headers
        guard let peer = exchange.peer.address else {
            return headers.set(
                .xForwardedFor,
                to: exchange[Facts.forwardedFor].map { "\($0), unknown" } ?? "unknown")
        }
        peer.withText { peer in
            guard var known = exchange[Facts.forwardedFor] else {
                return headers.set(.xForwardedFor, toBytes: peer)
            }
            known.withUTF8 { known in
                let count = known.count + 2 + peer.count
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
                    let comma = text.initialize(fromContentsOf: known)
                    text.initializeElement(at: comma, to: UInt8(ascii: ","))
                    text.initializeElement(at: comma + 1, to: UInt8(ascii: " "))
                    _ = text[(comma + 2)...].initialize(fromContentsOf: peer)
                    headers.set(.xForwardedFor, toBytes: UnsafeBufferPointer(text))
                }
            }
        }
    }

    /// An absolute target (RFC 9112 §3.2.2) is for proxies; an origin is asked for the path.
    private static func setOriginForm(_ request: Request) {
        guard request.target.first != UInt8(ascii: "/") else { return }
        request.setTarget(request.path + (request.query.map { "?\($0)" } ?? ""))
    }

    private static func apply(_ rewrite: RewriteConfiguration, _ request: Request) {
        var target = request.target.string
        if target.hasPrefix(rewrite.stripPrefix) {
            let rest = target.dropFirst(rewrite.stripPrefix.count)
            // Whole segments only: "/api" does not stand at the front of "/apiary".
            if rewrite.stripPrefix.hasSuffix("/") || rest.isEmpty || rest.first == "/"
                || rest.first == "?"
            {
                target = String(rest)
            }
        }
        target = rewrite.addPrefix + target
        if !target.hasPrefix("/") { target = "/" + target }
        request.setTarget(target)
    }
}
