import PluginAPI

/// Builds the configuration from the root of plugins.json, and finds all that is wrong on the way.
struct ConfigurationBuilder {
    let registry: PluginRegistry
    let upstreamTarget: TargetAddress?
    let folder: String
    let setup: (String) -> Setup
    var findings: Findings
    /// What the instances show of themselves.
    let gauges = InstanceGauges()

    /// Nil when there is an error, be it one that was found before.
    mutating func build(_ root: ConfigurationValue) -> ServerConfiguration? {
        var errors = ConfigurationError.Collector()
        let settings = RootSettings.partial(root, &errors)
        findings.add(ConfigurationError(errors.issues))

        let listeners = listeners(settings)
        let upstreams = settings.upstreams.map { name, deferred in
            upstream(name, deferred.source)
        }
        var routes = readRoutes(settings.routes)
        var head = settings.plugins.map { PluginEntry($0.source, route: nil, &findings) }
        PluginEntry.giveLabels(&head, &routes, &findings)
        let makeStream = Self.makeStream(settings)
        let plugins = build(head, makeStream)
        let routePlugins = routes.map { build($0.entries, makeStream) }

        checkUpstreams(settings, routes)
        checkRoutes(routes, hasPlugins: head.contains { $0.mayAnswer(registry) })
        RouteShadowing.check(routes, &findings)
        let made = (plugins + routePlugins.flatMap(\.self)).compactMap(\.enabled)
        let instances = Dictionary(
            made.map { ($0.label, $0.instance) }, uniquingKeysWith: { first, _ in first })
        ChainOrder.check(head, routes, registry, instances, &findings)
        if settings.routes.isEmpty, !findings.hasErrors {
            findings.warning(
                at: settings.$routes ?? root, "no routes: every request is answered with 404")
        }

        guard !findings.hasErrors else { return nil }
        let names = settings.upstreams.map(\.name)
        return ServerConfiguration(
            listeners: listeners, admin: settings.admin?.address,
            adminToken: settings.admin?.token, workers: settings.workers,
            limits: settings.limits.checked, timeouts: settings.timeouts.checked,
            state: settings.state?.checked, upstreams: upstreams.compactMap(\.self),
            plugins: plugins.compactMap(\.enabled),
            routes: zip(routes, routePlugins).map { route, plugins in
                route.checked(
                    upstreams: names, plugins: plugins.compactMap(\.enabled))
            },
            effective: effective(settings, plugins, routes, routePlugins), gauges: gauges)
    }

    // MARK: Listeners

    private mutating func listeners(_ settings: RootSettings) -> [ListenerConfiguration] {
        guard let source = settings.$listen, let read = try? ListenSetting(setting: source) else {
            return []
        }
        var places: [ListenAddress: ConfigurationPath] = [:]
        func isTaken(_ address: ListenAddress) -> ConfigurationPath? {
            if case .tcp(_, _, port: 0) = address { nil } else { places[address] }
        }
        for (listener, source) in read.listeners {
            if let first = isTaken(listener.address) {
                findings.error(
                    at: source, "the same address as \(first): \"\(listener.address)\"")
            }
            if places[listener.address] == nil { places[listener.address] = source.path }
        }
        if let admin = settings.admin {
            if let first = isTaken(admin.address) {
                findings.error(
                    at: admin.source, "the same address as \(first): \"\(admin.address)\"")
            }
            if admin.token == nil, !admin.address.isLocal {
                findings.warning(
                    at: admin.source,
                    "whoever reaches \(admin.address) can read and reload; listen at a loopback address, or give it a token: { \"address\": …, \"token\": \"${ADMIN_TOKEN}\" }"
                )
            }
        }
        return read.listeners.map(\.listener)
    }

    // MARK: Plugins

    private mutating func build(_ entries: [PluginEntry], _ makeStream: Setup.MakeStream?)
        -> [PluginEntry.Built]
    {
        entries.map { entry in
            entry.build(
                { label in
                    var made = setup(label)
                    made.makeStream = makeStream
                    // Metrics of another kind show nothing, and so need not be kept from it.
                    if let store = made.metrics as? MetricsStore {
                        made.metrics = gauges.metrics(countingIn: store)
                    }
                    return made
                }, registry, &findings)
        }
    }

    /// Streams in the Redis that `state` names; nil where it names none.
    private static func makeStream(_ settings: RootSettings) -> Setup.MakeStream? {
        guard let source = settings.$state, !source.isNull else { return nil }
        // Where `state` itself is wrong, plugins that need it are not to blame; nothing will run.
        let state = settings.state?.checked ?? .unread
        return { name, maximumLength in
            RedisStream(state, name, maximumLength: maximumLength)
        }
    }

    // MARK: Routes

    private mutating func readRoutes(_ deferred: [Deferred<RouteSettings>]) -> [RouteEntry] {
        var taken: [String: ConfigurationPath] = [:]
        return deferred.map { deferred in
            let route = RouteEntry(deferred.source, &findings)
            if let first = taken[route.name] {
                findings.error(
                    at: route.settings.$name ?? route.source,
                    "the name \(JSONValue.string(route.name)) is taken by \(first); "
                        + (route.settings.$name == nil
                            ? "give this route a \"name\"" : "expected a name of its own"))
            } else {
                taken[route.name] = route.source.path
            }
            return route
        }
    }

    private mutating func checkUpstreams(_ settings: RootSettings, _ routes: [RouteEntry]) {
        // What could not be read says nothing about what is there, or what is used.
        guard settings.$upstreams.map({ $0.object != nil }) ?? true else { return }
        let names = settings.upstreams.map(\.name)
        var used: Set<String> = []
        for route in routes {
            guard let source = route.settings.$upstream, let name = source.string else { continue }
            used.insert(name)
            if !names.contains(name) {
                findings.error(at: source, .unknown("upstream", name, known: names))
            }
        }
        guard !routes.isEmpty, used.isSubset(of: names) else { return }
        for (name, upstream) in settings.upstreams where !used.contains(name) {
            findings.warning(
                at: upstream.source, "no route uses this upstream")
        }
    }

    private mutating func checkRoutes(_ routes: [RouteEntry], hasPlugins: Bool) {
        for route in routes {
            let settings = route.settings
            if settings.$upstream.map(\.isNull) ?? true, !route.hasErrors {
                if hasPlugins || route.entries.contains(where: { $0.mayAnswer(registry) }) {
                    findings.warning(
                        at: route.source,
                        "no upstream: a request that no plugin answers gets 404")
                } else {
                    findings.error(
                        at: route.source,
                        "missing key \"upstream\": expected the name of an upstream, because no plugin of this route answers requests"
                    )
                }
            }
            if let source = settings.rewrite.$stripPrefix,
                let prefix = settings.rewrite.stripPrefix,
                !route.hasErrors, !prefix.mayStandIn(settings.path)
            {
                findings.warning(
                    at: source,
                    "no path of this route begins with \"\(prefix.text)\": its path is \"\(settings.path.written)\""
                )
            }
        }
    }

    // MARK: As it is in force

    private func effective(
        _ settings: RootSettings, _ plugins: [PluginEntry.Built], _ routes: [RouteEntry],
        _ routePlugins: [[PluginEntry.Built]]
    ) -> JSONValue {
        let routes = zip(routes, routePlugins).map { route, plugins in
            route.settings.settingJSON.replacing("plugins", .array(plugins.map(\.json)))
                .replacing("name", .string(route.name))
        }
        return settings.settingJSON
            .replacing("plugins", .array(plugins.map(\.json)))
            .replacing("routes", .array(routes))
    }
}

extension StateConfiguration {
    /// In the place of one that is wrong.
    fileprivate static let unread = StateConfiguration(
        redis: RedisAddress(
            host: "unread", port: 0, user: nil, password: nil, database: 0),
        prefix: "", timeout: .zero, whenUnavailable: .local)
}

extension String {
    /// `unknown upstream "biling"; did you mean "billing"? (known: billing, local)`
    static func unknown(_ kind: String, _ name: String, known: [String]) -> String {
        let nearest = Spelling.nearest(to: name, among: known)
        return "unknown \(kind) \(JSONValue.string(name).abbreviated)"
            + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
            + " (known: \(Spelling.list(known, atMost: nearest == nil ? .max : 4)))"
    }
}

extension JSONValue {
    /// The same object with another value under a key that it has.
    func replacing(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.map { $0.name == name ? Member(name, value) : $0 })
    }
}
