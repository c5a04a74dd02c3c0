import PluginAPI

extension Generation {
    /// Puts a checked configuration to work.
    /// - Parameter earlier: the one before, from which upstreams of the same name have their health.
    package convenience init(
        _ configuration: ServerConfiguration, number: Int,
        running: RunningGenerations = RunningGenerations(),
        after earlier: Generation? = nil, reporter: HealthReporter = .none
    ) {
        let upstreams = configuration.upstreams.enumerated().map { number, upstream in
            Upstream(
                upstream, number: number,
                health: earlier?.upstreams.first { $0.name == upstream.name }?.health,
                reporter: reporter)
        }
        var entries: [Chain.Entry] = []
        func enter(_ plugins: [ConfiguredPlugin]) -> [Chain.Entry] {
            plugins.map { plugin in
                let entry = Chain.Entry(
                    label: plugin.label, mode: plugin.mode, plugin: plugin.instance,
                    number: entries.count)
                entries.append(entry)
                return entry
            }
        }
        let common = enter(configuration.plugins)
        let routes = configuration.routes.enumerated().map { number, route in
            Route(
                name: route.name, number: number, match: RouteMatch(route),
                chain: Chain(common + enter(route.plugins)),
                upstream: route.upstream.map { upstreams[$0] },
                rewrite: route.rewrite.isNeeded ? route.rewrite : nil)
        }
        let unmatched = Route(
            name: "", number: routes.count, match: RouteMatch(path: "/*"), chain: Chain(common),
            upstream: nil)
        self.init(
            number: number, routes: routes, unmatched: unmatched, plugins: entries,
            upstreams: upstreams,
            settings: ServiceSettings(configuration), effective: configuration.effective,
            running: running)
    }
}

extension RouteMatch {
    init(_ route: RouteConfiguration) {
        self.init(hosts: route.hosts, methods: route.methods, path: route.path.written)
    }
}

extension RewriteConfiguration {
    var isNeeded: Bool { !stripPrefix.isEmpty || !addPrefix.isEmpty }
}

extension ServiceSettings {
    init(_ configuration: ServerConfiguration) {
        maximumConnections = configuration.limits.connections
        head = HeadLimits(
            requestLine: configuration.limits.requestLine,
            headers: configuration.limits.requestHeaders,
            headerCount: configuration.limits.headerCount)
        requestBody = configuration.limits.requestBody
        requestHeadersTimeout = configuration.timeouts.requestHeaders
        requestBodyIdleTimeout = configuration.timeouts.requestBodyIdle
        keepAliveTimeout = configuration.timeouts.keepAlive
        drainTimeout = configuration.timeouts.drain
        hasAdmin = configuration.admin != nil
        adminToken = configuration.adminToken
        state = configuration.state
    }
}

extension Upstream {
    convenience init(
        _ configuration: UpstreamConfiguration, number: Int, health: UpstreamHealth?,
        reporter: HealthReporter
    ) {
        self.init(
            name: configuration.name, number: number,
            targets: configuration.targets.map {
                Target(
                    $0.address, weight: $0.weight, connectTimeout: configuration.timeouts.connect,
                    version: configuration.httpVersion, tls: configuration.tls)
            },
            balance: configuration.balance,
            // Checked when the file was read.
            headers: configuration.headers.compactMap { name, value in
                HeaderName(name).map { ($0, value) }
            },
            responseHeadersTimeout: configuration.timeouts.responseHeaders,
            idleTimeout: configuration.timeouts.idle,
            maximumConnections: configuration.connections,
            healthSettings: configuration.health, health: health, reporter: reporter)
    }
}
