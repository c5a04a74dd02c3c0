import PluginAPI
import Testing

@testable import Proxy

@Suite("The store of metrics")
struct MetricsStoreTests {
    @Test("asking twice for one name and labels gives the same counter")
    func sameCounter() {
        let store = MetricsStore()
        store.counter("a_total", "A.", labels: [("k", "1")]).add(2)
        store.counter("a_total", "A.", labels: [("k", "1")]).add()
        store.counter("a_total", "A.", labels: [("k", "2")]).add(5)
        #expect(store.counter("a_total", "A.", labels: [("k", "1")]).value == 3)
        #expect(store.counter("a_total", "A.", labels: [("k", "2")]).value == 5)
        #expect(store.counter("a_total", "A.", labels: []).value == 0)
    }

    @Test("a later gauge takes the place of the earlier")
    func gauges() {
        let store = MetricsStore()
        store.gauge("g", "G.", labels: []) { 1 }
        store.gauge("g", "G.", labels: []) { 2 }
        let gauges = store.contents.withLock { $0.gauges }
        #expect(gauges.count == 1 && gauges.first?.value.value() == 2)
    }

    @Test(
        "an instance's gauge is shown while its configuration is in force, and never before or after"
    )
    func instanceGauges() {
        let store = MetricsStore()
        store.gauge("own", "O.", labels: []) { 0 }
        func shown() -> [String: Double] {
            store.contents.withLock { $0.gauges }.mapValues { $0.value() }
        }
        func configuration(_ value: Double) -> InstanceGauges {
            let gauges = InstanceGauges()
            let metrics = gauges.metrics(countingIn: store)
            metrics.gauge("g", "G.", labels: []) { value }
            metrics.counter("c_total", "C.", labels: [], decimals: 0).add()
            return gauges
        }
        let first = configuration(1)
        #expect(shown() == ["own": 0])
        store.show(first)
        #expect(shown() == ["own": 0, "g": 1])
        // One that is refused.
        _ = configuration(2)
        #expect(shown() == ["own": 0, "g": 1])
        // What is learned later, such as the name of an upstream, is shown too.
        first.metrics(countingIn: store).gauge("h", "H.", labels: []) { 3 }
        #expect(shown() == ["own": 0, "g": 1, "h": 3])
        store.show(InstanceGauges())
        #expect(shown() == ["own": 0])
        #expect(store.counter("c_total", "C.", labels: []).value == 2)
    }

    @Test("the page has each family once, with its samples together")
    func page() throws {
        let store = MetricsStore()
        for label in ["b", "a"] {
            store.counter("extra_total", "More.", labels: [("k", label)]).add()
            store.gauge("level", "Now.", labels: [("k", label)]) { 0.5 }
        }
        store.counter("extra_total_other", "Another.", labels: []).add()
        for upstream in ["u", "v"] {
            let route = store.makeRoute(.init(route: "r", upstream: upstream))
            route.count(status: 200)
            route.count(status: 404)
            route.requestDuration.add(.milliseconds(1))
        }
        let plugin = store.makePlugin(label: "p")
        plugin.proceeded.add()
        plugin.count(.refuse, "why")
        let worker = store.makeWorker()
        worker.requestsStarted.add(3)
        worker.requestsEnded.add(1)
        let target = Target(.tcp(isSecure: false, host: "127.0.0.1", port: 1))
        let page = MetricsPage.render(
            store.contents.withLock { $0 }, connections: 7,
            upstreams: [Upstream(name: "u", number: 0, targets: [target])],
            at: MonotonicTime(nanoseconds: 0))

        var families: [String] = []
        for line in page.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                families.append(String(line.split(separator: " ")[2]))
            } else if !line.hasPrefix("#") {
                let family = try #require(families.last)
                let name = line.prefix { $0 != "{" && $0 != " " }
                #expect(
                    name == family
                        || ["_bucket", "_sum", "_count"].contains(
                            String(name.dropFirst(family.count))),
                    "\(line) under \(family)")
            }
        }
        #expect(Set(families).count == families.count)
        for line in [
            "sluice_connections 7", "sluice_requests_in_flight 2",
            #"sluice_requests_total{route="r",upstream="u",status="200"} 1"#,
            #"sluice_requests_total{route="r",upstream="v",status="404"} 1"#,
            #"sluice_request_duration_seconds_count{route="r"} 2"#,
            #"sluice_plugin_decisions_total{plugin="p",decision="refuse",reason="why"} 1"#,
            #"sluice_plugin_decisions_total{plugin="p",decision="proceed",reason=""} 1"#,
            #"sluice_upstream_target_up{upstream="u",target="http://127.0.0.1:1"} 1"#,
            #"sluice_upstream_panic{upstream="u"} 0"#,
            #"sluice_extra_total{k="a"} 1"#, #"sluice_level{k="b"} 0.5"#,
        ] {
            #expect(page.contains(line + "\n"), "\(line)")
        }
    }

    @Test("a plugin that makes reasons up from what clients send takes bounded memory")
    func reasons() {
        let plugin = MetricsStore().makePlugin(label: "p")
        for number in 0..<1000 { plugin.count(.refuse, "reason \(number)") }
        let decisions = plugin.decisions
        #expect(decisions.count <= 66)
        #expect(decisions.values.reduce(0, +) == 1000)
        #expect(decisions[.init(decision: "refuse", reason: "reason 0")] == 1)
        #expect(decisions[.init(decision: "refuse", reason: "other")]! > 900)
    }
}
