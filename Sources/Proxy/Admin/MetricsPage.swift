import PluginAPI

/// `/metrics`: everything that is counted, added up over the workers.
enum MetricsPage {
    static func answer(
        _ generation: Generation, _ sources: AdminSources, at now: MonotonicTime
    ) -> LocalAnswer {
        let text = render(
            sources.store.contents.withLock { $0 }, connections: sources.connections.value,
            upstreams: generation.upstreams, at: now)
        return .whole(
            Answer(
                headers: [
                    ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
                    ("cache-control", "no-store"),
                ],
                body: Array(text.utf8)))
    }

    static func render(
        _ contents: MetricsStore.Contents, connections: Int, upstreams: [Upstream],
        at now: MonotonicTime
    ) -> String {
        var text = PrometheusText()
        text.family("build_info", "gauge", "What is running; the value is always 1.")
        text.sample("build_info", [("version", Version.number)], 1.0)
        renderProcess(contents, connections, &text)
        renderRoutes(contents, &text)
        renderUpstreams(upstreams, now, &text)
        renderPlugins(contents, &text)
        renderSeries(contents, &text)
        return text.text
    }

    private static func renderProcess(
        _ contents: MetricsStore.Contents, _ connections: Int, _ text: inout PrometheusText
    ) {
        text.family("connections", "gauge", "Open client connections.")
        text.sample("connections", [], Double(connections))
        text.family(
            "connections_refused_total", "counter",
            "Connections refused because there were too many.")
        text.sample("connections_refused_total", [], contents.connectionsRefused)
        text.family("requests_in_flight", "gauge", "Requests that have begun and not ended.")
        text.sample("requests_in_flight", [], contents.requestsInFlight)
    }

    private static func renderRoutes(
        _ contents: MetricsStore.Contents, _ text: inout PrometheusText
    ) {
        let routes = contents.routes.sorted {
            ($0.key.route, $0.key.upstream) < ($1.key.route, $1.key.upstream)
        }
        text.family("requests_total", "counter", "Requests by the status that clients saw.")
        for (key, statuses) in contents.requests {
            for (status, count) in statuses {
                text.sample(
                    "requests_total",
                    [("route", key.route), ("upstream", key.upstream), ("status", String(status))],
                    count)
            }
        }
        func histograms(
            _ name: String, _ help: String, _ label: String,
            by group: (MetricsStore.RouteKey) -> String,
            _ histogram: KeyPath<RouteMetrics, Histogram>
        ) {
            var snapshots: [String: HistogramSnapshot] = [:]
            for (key, workers) in routes where !group(key).isEmpty || label == "route" {
                for worker in workers {
                    snapshots[group(key), default: HistogramSnapshot()] +=
                        worker[keyPath: histogram].snapshot
                }
            }
            text.family(name, "histogram", help)
            for (value, snapshot) in snapshots.sorted(by: { $0.key < $1.key }) {
                text.histogram(name, [(label, value)], snapshot)
            }
        }
        histograms(
            "request_duration_seconds", "From a request's first byte to its answer's last.",
            "route",
            by: \.route, \.requestDuration)
        histograms(
            "time_to_first_byte_seconds", "From a request's first byte to its answer's first.",
            "route",
            by: \.route, \.timeToFirstByte)
        histograms(
            "upstream_duration_seconds",
            "From the first attempt to the end of the upstream's answer.", "upstream",
            by: \.upstream, \.upstreamDuration)
    }

    private static func renderPlugins(
        _ contents: MetricsStore.Contents, _ text: inout PrometheusText
    ) {
        let plugins = contents.plugins.sorted { $0.key < $1.key }
        text.family("plugin_duration_seconds", "histogram", "What a hook of the plugin took.")
        for (label, workers) in plugins {
            var snapshot = HistogramSnapshot()
            for worker in workers { snapshot += worker.duration.snapshot }
            text.histogram("plugin_duration_seconds", [("plugin", label)], snapshot)
        }
        text.family("plugin_decisions_total", "counter", "What plugins decided about requests.")
        for (label, workers) in plugins {
            var counts: [PluginMetrics.Key: UInt64] = [:]
            for worker in workers { counts.merge(worker.decisions, uniquingKeysWith: +) }
            for (key, count) in counts.sorted(by: {
                ($0.key.decision, $0.key.reason) < ($1.key.decision, $1.key.reason)
            }) {
                text.sample(
                    "plugin_decisions_total",
                    [("plugin", label), ("decision", key.decision), ("reason", key.reason)], count)
            }
        }
    }

    /// What plugins made themselves. Series of one name stand together under one head.
    private static func renderSeries(
        _ contents: MetricsStore.Contents, _ text: inout PrometheusText
    ) {
        var previous = ""
        for series in contents.sortedCounters {
            if series.name != previous { text.family(series.name, "counter", series.help) }
            previous = series.name
            text.sample(
                series.name, series.labels, series.value.counter.value,
                decimals: series.value.decimals)
        }
        previous = ""
        for series in contents.sortedGauges {
            if series.name != previous { text.family(series.name, "gauge", series.help) }
            previous = series.name
            text.sample(series.name, series.labels, series.value())
        }
    }
}
