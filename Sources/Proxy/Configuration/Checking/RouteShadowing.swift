import PluginAPI

/// Finds routes that can never match, because earlier ones take every request that they would.
enum RouteShadowing {
    static func check(_ routes: [RouteEntry], _ findings: inout Findings) {
        for (index, route) in routes.enumerated() where !route.hasErrors {
            let earlier = routes[..<index].filter {
                !$0.hasErrors && $0.covers(route.settings.path)
            }
            guard let takers = takers(of: route, among: earlier), !takers.isEmpty else { continue }
            let names = takers.map { "\($0.source.path) (\"\($0.name)\")" }
            findings.warning(
                at: route.source,
                names.count == 1
                    ? "can never match: \(names[0]) before it takes every such request; move this route up, or narrow that one"
                    : "can never match: \(names.joined(separator: " and ")) before it take every such request; move this route up, or narrow those"
            )
        }
    }

    /// The earlier routes that together take all that this one would; nil when something is left.
    private static func takers(of route: RouteEntry, among earlier: [RouteEntry]) -> [RouteEntry]? {
        var takers: [RouteEntry] = []
        let hosts = route.hosts.isEmpty ? [nil] : route.hosts.map(Optional.some)
        let methods = route.methods.isEmpty ? [nil] : route.methods.map(Optional.some)
        for host in hosts {
            for method in methods {
                guard
                    let taker = earlier.first(where: {
                        includes($0.hosts, host) && includes($0.methods, method)
                    })
                else { return nil }
                if !takers.contains(where: { $0.name == taker.name }) { takers.append(taker) }
            }
        }
        return takers
    }

    /// An empty list includes everything; nil stands for everything.
    private static func includes(_ list: [String], _ word: String?) -> Bool {
        list.isEmpty || word.map(list.contains) == true
    }
}

extension RouteEntry {
    fileprivate var hosts: [String] { settings.host?.values.map(\.text) ?? [] }
    fileprivate var methods: [String] { settings.methods.map(\.text) }

    /// Whether every path of the other is one of this route's.
    fileprivate func covers(_ other: RoutePath) -> Bool {
        switch (settings.path, other) {
        case (.exact(let mine), .exact(let path)): mine == path
        case (.exact, .prefix): false
        case (.prefix(let mine), .exact(let path)), (.prefix(let mine), .prefix(let path)):
            path.hasPrefix(mine)
        }
    }
}

extension PathPrefix {
    /// Whether any path of a route can begin with it.
    func mayStandIn(_ path: RoutePath) -> Bool {
        switch path {
        case .exact(let path): path == text || path.hasPrefix(text + "/")
        case .prefix(let path): path.hasPrefix(text + "/") || (text + "/").hasPrefix(path)
        }
    }
}
