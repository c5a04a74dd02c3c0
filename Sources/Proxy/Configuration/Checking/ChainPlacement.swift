import PluginAPI

/// Finds plugins that stand where they miss something, or hold it for too long.
enum ChainPlacement {
    /// - Parameters:
    ///   - head: those at the top level.
    ///   - chains: one for each route, the head included.
    static func check(
        _ head: [ChainStep], _ routes: [RouteEntry], _ chains: [[ChainStep]],
        _ findings: inout Findings
    ) {
        checkReach(head, routes, chains, &findings)
        checkBodies(chains, &findings)
    }

    /// What is meant for every request and stands in routes only.
    private static func checkReach(
        _ head: [ChainStep], _ routes: [RouteEntry], _ chains: [[ChainStep]],
        _ findings: inout Findings
    ) {
        var kinds = head.map { $0.type.name }
        for watcher in chains.joined() where watcher.type.placement.contains(.everyRequest) {
            let kind = watcher.type.name
            guard !kinds.contains(kind) else { continue }
            kinds.append(kind)
            var (watchers, seen, missed): ([String], [String], [String]) = ([], [], [])
            for (route, chain) in zip(routes, chains) {
                let found = chain.filter { $0.type.name == kind }
                watchers += found.map(\.name)
                if found.isEmpty { missed.append(route.name) } else { seen.append(route.name) }
            }
            let isAlone = watchers.count == 1
            var passing: [String] = missed.isEmpty ? [] : ["those of \(missed.asRoutes)"]
            if !routes.contains(where: { $0.takesEveryRequest }) {
                passing.append("those that no route takes")
            }
            passing.append("malformed ones")
            findings.warning(
                at: watcher.entry.source,
                watchers.inWords + (isAlone ? " sees" : " see") + " the requests of "
                    + seen.asRoutes + " only; " + passing.inWords
                    + (isAlone
                        ? " pass it by; move it to the top-level plugins"
                        : " pass them by; have one of them among the top-level plugins"))
        }
    }

    /// What holds something until a request has ended, before those that wait for a client's body.
    private static func checkBodies(_ chains: [[ChainStep]], _ findings: inout Findings) {
        var seen: Set<String> = []
        for chain in chains {
            for (place, holder) in chain.enumerated()
            where holder.type.placement.contains(.behindWholeBodies) {
                let readers = chain[place...].filter {
                    $0.type is any WholeRequestPhase.Type
                        && ($0.instance?.takesPart(in: .request) ?? true)
                }
                guard let reader = readers.last, seen.insert(holder.path).inserted else { continue }
                let isApart = holder.entry.route == nil && reader.entry.route != nil
                findings.warning(
                    at: holder.entry.source,
                    "\(holder.name) admits a request before \(reader.place) waits for its whole body, so that clients that send slowly take the places of others; move \(holder.name)"
                        + (isApart ? " to the plugins of the route," : "")
                        + " behind \(reader.name)")
            }
        }
    }
}

extension RouteEntry {
    fileprivate var takesEveryRequest: Bool {
        !hasErrors && settings.path == .prefix("/") && settings.host == nil
            && settings.methods.isEmpty
    }
}
