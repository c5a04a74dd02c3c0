import PluginAPI

extension ServerConfiguration {
    /// The same for requests that are only tried: nothing is shared, no target is looked after or held back
    /// from, nobody is too many, and nobody too slow, however far the clock is set.
    var forDryRun: ServerConfiguration {
        let never = Duration.seconds(10 * 365 * 86_400)
        return ServerConfiguration(
            listeners: listeners, admin: admin, adminToken: adminToken, workers: workers,
            limits: LimitConfiguration(
                connections: .max, requestLine: limits.requestLine,
                requestHeaders: limits.requestHeaders, headerCount: limits.headerCount,
                requestBody: limits.requestBody),
            timeouts: TimeoutConfiguration(
                requestHeaders: never, requestBodyIdle: never, keepAlive: never, drain: never),
            state: nil,
            upstreams: upstreams.map { upstream in
                UpstreamConfiguration(
                    name: upstream.name, targets: [upstream.targets[0]], balance: upstream.balance,
                    headers: upstream.headers,
                    timeouts: UpstreamTimeoutConfiguration(
                        connect: never, responseHeaders: never, idle: never),
                    connections: .max / 2, httpVersion: upstream.httpVersion, tls: upstream.tls,
                    health: HealthConfiguration(passive: nil))
            },
            plugins: plugins, routes: routes, effective: effective, gauges: gauges)
    }

    /// The instance of that label, wherever it stands.
    package func plugin(_ label: String) -> ConfiguredPlugin? {
        (plugins + routes.flatMap(\.plugins)).first { $0.label == label }
    }

    /// The same with other instances in place of some.
    /// - Parameter replacement: of an instance; nil leaves it out.
    package func replacingPlugins(
        _ replacement: (ConfiguredPlugin) -> (any Plugin)?
    ) -> ServerConfiguration {
        func replace(_ plugins: [ConfiguredPlugin]) -> [ConfiguredPlugin] {
            plugins.compactMap { plugin in
                replacement(plugin).map {
                    ConfiguredPlugin(
                        label: plugin.label, name: plugin.name, mode: plugin.mode, instance: $0,
                        configuration: plugin.configuration)
                }
            }
        }
        return ServerConfiguration(
            listeners: listeners, admin: admin, adminToken: adminToken, workers: workers,
            limits: limits, timeouts: timeouts, state: state, upstreams: upstreams,
            plugins: replace(plugins),
            routes: routes.map { route in
                RouteConfiguration(
                    name: route.name, hosts: route.hosts, methods: route.methods,
                    path: route.path, upstream: route.upstream, plugins: replace(route.plugins),
                    rewrite: route.rewrite)
            }, effective: effective, gauges: gauges)
    }
}
