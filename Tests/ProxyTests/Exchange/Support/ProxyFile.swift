@testable import Proxy

/// A plugins.json with one route to one upstream.
struct ProxyFile: Sendable {
    /// The top-level plugins.
    var plugins: [Part] = []
    /// Those of the route.
    var route: [Part] = []
    var path = "/*"
    /// The upstream's port; without one the route leads nowhere.
    var port: UInt16?
    /// That of a target before it.
    var otherPort: UInt16?
    var workers = 1
    var hasAdmin = false
    /// Of the Redis that shares the state; nil keeps it in memory.
    var redis: UInt16?
    var whenUnavailable = UnavailableStatePolicy.local
    var limits: [String: Int] = [:]
    var timeouts: [String: String] = [:]
    var upstreamTimeouts: [String: String] = [:]
    /// How many requests the upstream takes at once.
    var connections = 512
    /// The upstream's `health`.
    var health = "{}"

    init(_ plugins: [Part] = [], route: [Part] = [], to port: UInt16? = nil) {
        self.plugins = plugins
        self.route = route
        self.port = port
    }

    var parts: [Part] { plugins + route }

    var text: String {
        let upstreams =
            port.map { port in
                let targets = [otherPort, port].compactMap { $0 }.map {
                    "{ \"url\": \"http://127.0.0.1:\($0)\" }"
                }
                return """
                    "up": {
                        "targets": [\(targets.joined(separator: ", "))], "connections": \(connections),
                        "health": \(health),
                        "timeouts": \(Self.object(upstreamTimeouts))
                    }
                    """
            } ?? ""
        return """
            {
                "listen": "127.0.0.1:0", "admin": \(hasAdmin ? "\"127.0.0.1:0\"" : "null"),
                "workers": \(workers), "state": \(state),
                "limits": \(Self.object(limits)), "timeouts": \(Self.object(timeouts)),
                "upstreams": { \(upstreams) },
                "plugins": [\(plugins.map(\.json).joined(separator: ", "))],
                "routes": [{
                    "name": "all", "path": "\(path)", \(port == nil ? "" : "\"upstream\": \"up\",")
                    "plugins": [\(route.map(\.json).joined(separator: ", "))],
                }],
            }
            """
    }

    private var state: String {
        guard let redis else { return "null" }
        return
            #"{ "redis": "redis://127.0.0.1:\#(redis)", "timeout": "8s", "whenUnavailable": "\#(whenUnavailable.rawValue)" }"#
    }

    private static func object(_ members: [String: some Any]) -> String {
        let text = members.map { name, value in
            value is String ? "\"\(name)\": \"\(value)\"" : "\"\(name)\": \(value)"
        }
        return "{ \(text.joined(separator: ", ")) }"
    }
}
