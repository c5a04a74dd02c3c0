import PluginAPI

/// How everything stands at this moment, as JSON: what the other pages show, from where they have it.
struct DashboardTables {
    let all: [(name: String, json: [UInt8])]

    init(_ generation: Generation, _ sources: AdminSources, _ requests: DashboardRequests) {
        let contents = sources.store.contents.withLock { $0 }
        let time = sources.time
        func json(_ value: JSONValue) -> [UInt8] { Array(value.description.utf8) }
        all = [
            ("status", json(Self.status(generation, sources))),
            ("totals", json(Self.totals(contents, sources.connections.value))),
            ("metrics", json(Self.metrics(contents))),
            ("plugins", json(PluginsPage.plugins(generation, contents))),
            (
                "upstreams",
                json(UpstreamsPage.upstreams(generation, at: time.monotonic, wall: time.wall))
            ),
            ("refused", DashboardRequests.json(requests.refused)),
            ("failed", DashboardRequests.json(requests.failed)),
        ]
    }

    private static func status(_ generation: Generation, _ sources: AdminSources) -> JSONValue {
        [
            "version": .string(Version.number), "status": .string("\(sources.status.state)"),
            "started": .string(sources.history.startedAt.description),
            "generation": .number(generation.number), "state": sources.sharedState,
        ]
    }

    private static func totals(_ contents: MetricsStore.Contents, _ connections: Int) -> JSONValue {
        [
            "connections": .number(connections),
            "requests_in_flight": .number(String(contents.requestsInFlight)),
            "requests": .array(
                contents.requests.map { key, statuses in
                    [
                        "route": .string(key.route), "upstream": .string(key.upstream),
                        "statuses": .object(
                            statuses.map { .init(String($0.status), .number(String($0.count))) }),
                    ]
                }),
        ]
    }

    /// Values as exact as `/metrics` has them, so in strings.
    private static func metrics(_ contents: MetricsStore.Contents) -> JSONValue {
        func entry(_ name: String, _ labels: [(String, String)], _ value: String) -> JSONValue {
            [
                "name": .string(name),
                "labels": .object(labels.map { .init($0.0, .string($0.1)) }),
                "value": .string(value),
            ]
        }
        return .array(
            contents.sortedCounters.map {
                entry(
                    $0.name, $0.labels,
                    PrometheusText.decimal($0.value.counter.value, $0.value.decimals))
            }
                + contents.sortedGauges.map {
                    entry($0.name, $0.labels, PrometheusText.number($0.value()))
                })
    }
}
