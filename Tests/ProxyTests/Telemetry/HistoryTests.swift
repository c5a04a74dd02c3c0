import PluginAPI
import Testing

@testable import Proxy

@Suite("The history of the last ten minutes")
struct HistoryTests {
    private let sampled = SampledStore()

    @Test("each second has what was counted in it, by class of status")
    func requests() {
        sampled.route.count(status: 200)
        sampled.route.count(status: 429)
        sampled.endSecond()
        sampled.endSecond()
        for status in [200, 204, 301, 500, 503, 200] { sampled.route.count(status: status) }
        sampled.endSecond()
        #expect(sampled.values("requests", ["class": "2xx"]) == [1, 0, 3])
        #expect(sampled.values("requests", ["class": "3xx"]) == [0, 0, 1])
        #expect(sampled.values("requests", ["class": "4xx"]) == [1, 0, 0])
        #expect(sampled.values("requests", ["class": "5xx"]) == [0, 0, 2])
    }

    @Test("it tells how long each second was, because a busy loop comes late")
    func lengths() {
        sampled.endSecond()
        sampled.endSecond(after: .milliseconds(1700))
        let start = sampled.history.startedAt.microseconds / 1000
        #expect(sampled.history.seconds.map(sampled.history.length) == [1000, 1700])
        #expect(sampled.history.seconds.map(sampled.history.time) == [start + 1000, start + 2700])
    }

    @Test("connections and requests in flight are as they stand at the second's end")
    func gauges() {
        sampled.worker.requestsStarted.add(5)
        sampled.worker.requestsEnded.add(3)
        sampled.connections = 4
        sampled.endSecond()
        sampled.worker.requestsEnded.add(2)
        sampled.connections = 1
        sampled.endSecond()
        #expect(sampled.values("requests_in_flight") == [2, 0])
        #expect(sampled.values("connections") == [4, 1])
    }

    @Test("latency is that of the requests of the last ten seconds, and of the last minute")
    func latency() throws {
        sampled.route.requestDuration.add(.milliseconds(4))
        for _ in 0..<11 { sampled.endSecond() }
        sampled.route.requestDuration.add(.seconds(4))
        sampled.endSecond()
        let seconds = try #require(
            sampled.values("request_duration_seconds", ["quantile": "0.99", "over": "10s"]))
        let minute = try #require(
            sampled.values("request_duration_seconds", ["quantile": "0.5", "over": "1m"]))
        #expect(seconds[0...9].allSatisfy { (0.0025...0.005).contains($0) })
        #expect(seconds[10].isNaN && (2.5...5).contains(seconds[11]))
        #expect((0.0025...0.005).contains(minute[11]))
        for _ in 0..<60 { sampled.endSecond() }
        let later = sampled.values("request_duration_seconds", ["quantile": "0.5", "over": "1m"])
        #expect(later?.last?.isNaN == true)
    }

    @Test("decisions are counted by plugin and kind, over all workers and reasons")
    func decisions() {
        let plugins = ["a", "a", "b"].map { sampled.store.makePlugin(label: $0) }
        for plugin in plugins { plugin.proceeded.add() }
        plugins[0].count(.refuse, "one")
        plugins[1].count(.refuse, "another")
        plugins[2].count(.observed, "one")
        sampled.endSecond()
        plugins[1].count(.refuse, "one")
        sampled.endSecond()
        func values(_ plugin: String, _ decision: String) -> [Double]? {
            sampled.values("plugin_decisions", ["plugin": plugin, "decision": decision])
        }
        #expect(values("a", "proceed") == [2, 0] && values("b", "proceed") == [1, 0])
        #expect(values("a", "refuse") == [2, 1] && values("a", "observed") == nil)
        #expect(values("b", "observed") == [1, 0])
    }

    @Test("whatever plugins count and show is in it under its own name, from when it was made")
    func plugins() {
        sampled.endSecond()
        let spent = sampled.store.counter("spent_total", "S.", labels: [("k", "v")], decimals: 3)
        spent.add(1250)
        sampled.store.gauge("level", "L.", labels: []) { 0.5 }
        sampled.endSecond()
        spent.add(250)
        sampled.endSecond()
        #expect(sampled.values("spent_total", ["k": "v"]) == [0, 1.25, 0.25])
        #expect(sampled.values("level")?.map(\.description) == ["nan", "0.5", "0.5"])
    }

    @Test("it keeps ten minutes, and what is older goes")
    func bounded() {
        for second in 1...(History.capacity + 50) {
            for _ in 0..<second { sampled.route.count(status: 200) }
            sampled.endSecond()
        }
        let expected = (51...(History.capacity + 50)).map(Double.init)
        #expect(sampled.values("requests", ["class": "2xx"]) == expected)
        #expect(sampled.history.seconds.count == History.capacity)
        // What happened once is not told again when its place is taken anew.
        #expect(sampled.values("requests", ["class": "5xx"])?.allSatisfy { $0 == 0 } == true)
    }

    @Test("so many series that somebody must have made them up take bounded memory")
    func manySeries() {
        for number in 0..<(2 * History.seriesLimit) {
            sampled.store.counter("made_up_total", "M.", labels: [("n", String(number))]).add()
        }
        sampled.endSecond()
        #expect(sampled.history.series.count == History.seriesLimit)
        #expect(sampled.values("requests", ["class": "2xx"]) != nil)
    }
}
