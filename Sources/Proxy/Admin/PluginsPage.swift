import PluginAPI

/// `/plugins`: each instance with what it decided, how long that took, and what it shows of itself.
enum PluginsPage {
    static func answer(_ generation: Generation, _ sources: AdminSources) -> LocalAnswer {
        let contents = sources.store.contents.withLock { $0 }
        return .json(
            200,
            [
                "state": sources.sharedState, "generation": .number(generation.number),
                "plugins": plugins(generation, contents),
            ])
    }

    static func plugins(_ generation: Generation, _ contents: MetricsStore.Contents) -> JSONValue {
        .array(generation.plugins.map { render($0, generation, contents) })
    }

    private static func render(
        _ entry: Chain.Entry, _ generation: Generation, _ contents: MetricsStore.Contents
    ) -> JSONValue {
        var durations = HistogramSnapshot()
        var counts: [PluginMetrics.Key: UInt64] = [:]
        for worker in contents.plugins[entry.label] ?? [] {
            durations += worker.duration.snapshot
            counts.merge(worker.decisions, uniquingKeysWith: +)
        }
        let decisions = counts.sorted {
            ($0.key.decision, $0.key.reason) < ($1.key.decision, $1.key.reason)
        }.map { key, count in
            JSONValue.object([
                .init("decision", .string(key.decision)),
                .init("reason", key.reason.isEmpty ? .null : .string(key.reason)),
                .init("count", .number(String(count))),
            ])
        }
        let routes = generation.routes.filter { route in
            route.chain.entries.contains { $0.number == entry.number }
        }
        return .object([
            .init("label", .string(entry.label)),
            .init("plugin", .string(type(of: entry.plugin).name)),
            .init("mode", .string(entry.mode.rawValue)),
            .init("routes", .array(routes.map { .string($0.name) })),
            .init("decisions", .array(decisions)),
            .init("hooks", .number(String(durations.count))),
            .init("duration_seconds", quantiles(of: durations)),
            .init("state", entry.plugin.state),
        ])
    }

    private static func quantiles(of durations: HistogramSnapshot) -> JSONValue {
        func seconds(_ share: Double) -> JSONValue {
            durations.bound(ofQuantile: share).map { .number("\($0.seconds)") } ?? .null
        }
        return .object([
            .init("p50", seconds(0.5)), .init("p90", seconds(0.9)), .init("p99", seconds(0.99)),
        ])
    }
}
