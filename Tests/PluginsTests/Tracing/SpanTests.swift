import Foundation
import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("tracing: spans")
struct SpanTests {
    private let proxy = TestProxy()
    private let collector = ScriptedCollector()

    /// A started instance whose spans go to `collector`.
    private func tracing(_ proxy: TestProxy, _ settings: String = "", sample: Int = 1) throws
        -> Tracing
    {
        var setup = proxy.setup(label: "tracing")
        let collector = collector
        setup.makePostClient = { _ in collector }
        let config =
            #"{ "endpoint": "http://127.0.0.1:4318/", "sample": \#(sample), "interval": "5m", \#(settings) }"#
        let value = JSONReader.read(Array(config.utf8)).value!
        let plugin = Tracing(try .init(setting: value), setup)
        try plugin.start()
        return plugin
    }

    /// The posted spans, one a line, with identifiers numbered in the order in which they come.
    private var spans: [String] {
        var known: [Substring] = []
        return collector.bodies.flatMap { body -> [String] in
            let list = body[body.range(of: #""spans":["#)!.upperBound...].dropLast("]}]}]}".count)
            return list.replacing(/\"(?:traceId|spanId|parentSpanId)\":\"(?<id>[0-9a-f]+)\"/) {
                match in
                let number = known.firstIndex(of: match.id) ?? known.count
                if number == known.count { known.append(match.id) }
                return match.0.replacing(match.id, with: "ID-\(number)")
            }.replacing("},{\"traceId", with: "}\n{\"traceId").split(separator: "\n").map(
                String.init)
        }
    }

    @Test("a request that is answered, in full")
    func golden() async throws {
        try proxy.add(TrustedProxy.self, #"{ "trusted": ["loopback"] }"#)
        let plugin = try tracing(proxy)
        proxy.add(plugin)
        proxy.upstream = UpstreamAnswer(200, body: "hello", delay: .milliseconds(250))
        let result = try await proxy.send(
            "POST", "/v1/things?key=secret",
            headers: [
                "host": "api.example:8443", "x-forwarded-for": "203.0.113.7",
                "traceparent": TraceParentTests.valid, "x-forwarded-proto": "https",
            ], body: "{}", peer: "127.0.0.1")
        plugin.stop()
        let id = result.exchange.requestID
        #expect(
            spans == [
                #"{"traceId":"ID-0","spanId":"ID-1","parentSpanId":"ID-2","flags":769,"name":"POST test","kind":2,"startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225600250000000","attributes":["#
                    + [
                        #"{"key":"http.request.method","value":{"stringValue":"POST"}}"#,
                        #"{"key":"url.scheme","value":{"stringValue":"https"}}"#,
                        #"{"key":"url.path","value":{"stringValue":"/v1/things"}}"#,
                        #"{"key":"http.route","value":{"stringValue":"test"}}"#,
                        #"{"key":"http.response.status_code","value":{"intValue":"200"}}"#,
                        #"{"key":"server.address","value":{"stringValue":"api.example"}}"#,
                        #"{"key":"server.port","value":{"intValue":"8443"}}"#,
                        #"{"key":"client.address","value":{"stringValue":"203.0.113.7"}}"#,
                        #"{"key":"network.peer.address","value":{"stringValue":"127.0.0.1"}}"#,
                        #"{"key":"network.peer.port","value":{"intValue":"50000"}}"#,
                        #"{"key":"network.protocol.version","value":{"stringValue":"1.1"}}"#,
                        #"{"key":"http.request.body.size","value":{"intValue":"2"}}"#,
                        #"{"key":"http.response.body.size","value":{"intValue":"5"}}"#,
                        #"{"key":"sluice.request_id","value":{"stringValue":"\#(id)"}}"#,
                        #"{"key":"sluice.upstream","value":{"stringValue":"test"}}"#,
                    ].joined(separator: ",") + "]}",
                #"{"traceId":"ID-0","spanId":"ID-3","parentSpanId":"ID-1","flags":257,"name":"POST","kind":3,"startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225600250000000","attributes":["#
                    + [
                        #"{"key":"http.request.method","value":{"stringValue":"POST"}}"#,
                        #"{"key":"server.address","value":{"stringValue":"192.0.2.200"}}"#,
                        #"{"key":"server.port","value":{"intValue":"80"}}"#,
                        #"{"key":"url.full","value":{"stringValue":"http://192.0.2.200/v1/things"}}"#,
                        #"{"key":"http.response.status_code","value":{"intValue":"200"}}"#,
                        #"{"key":"sluice.upstream","value":{"stringValue":"test"}}"#,
                    ].joined(separator: ",") + "]}",
            ])
        // It is the attempt's span that the upstream is told of.
        let sent = try #require(result.sent?.headers["traceparent"])
        #expect(collector.bodies[0].contains(#""spanId":"\#(sent.split(separator: "-")[2])""#))
    }

    @Test("a request that nobody answers is an error, and says whose")
    func unreachable() async throws {
        let plugin = try tracing(proxy)
        proxy.add(plugin)
        proxy.upstream = .unreachable
        _ = try await proxy.send()
        plugin.stop()
        #expect(spans.count == 2)
        #expect(
            spans[0].hasSuffix(
                #"{"key":"error.type","value":{"stringValue":"502"}}],"status":{"code":2,"message":"the upstream cannot be reached"}}"#
            ))
        #expect(spans[0].contains(#""parentSpanId""#) == false)
        #expect(
            spans[1].hasSuffix(
                #"{"key":"error.type","value":{"stringValue":"unreachable"}}],"status":{"code":2,"message":"the upstream cannot be reached"}}"#
            ))
    }

    @Test(
        "an answer that is an error to its client is one in the attempt's span, and in the request's from 500 on"
    )
    func statuses() async throws {
        let plugin = try tracing(proxy)
        proxy.add(plugin)
        for status in [404, 503] {
            proxy.upstream = UpstreamAnswer(status)
            _ = try await proxy.send()
        }
        plugin.stop()
        #expect(spans.map { $0.contains(#""status":{"code":2}"#) } == [false, true, true, true])
    }

    @Test("a refusal tells who refused and why, and is no error of the proxy's")
    func refusal() async throws {
        let plugin = try tracing(proxy, #""slowPlugin": "0s""#)
        proxy.add(plugin)
        try proxy.add(RequestGuard.self, #"{ "methods": ["GET"] }"#)
        _ = try await proxy.send("DELETE", "/")
        plugin.stop()
        #expect(spans.count == 1)
        #expect(
            spans[0].contains(
                #"{"key":"sluice.decisions","value":{"arrayValue":{"values":[{"stringValue":"request-guard: refuse "#
            ))
        #expect(!spans[0].contains("status\":{"))
    }

    @Test("a method that nobody knows is named as such")
    func method() async throws {
        let plugin = try tracing(proxy)
        proxy.add(plugin)
        _ = try await proxy.send("BREW", "/pot\"\\")
        plugin.stop()
        #expect(spans[0].contains(#""name":"HTTP test""#))
        #expect(
            spans[0].contains(
                #"{"key":"http.request.method","value":{"stringValue":"_OTHER"}},{"key":"http.request.method_original","value":{"stringValue":"BREW"}}"#
            ))
        #expect(spans[0].contains(#"{"key":"url.path","value":{"stringValue":"/pot\"\\"}}"#))
    }

    @Test("slow hooks get spans up to a bound, and quick ones none")
    func hooks() throws {
        let trace = ExchangeTrace(
            TraceParent(trace: (1, 2), span: 3, isSampled: true), parent: nil, host: nil,
            time: proxy.time, slowness: 1_000_000, marksAttempts: true)
        let exchange = TestRequest("GET", "/").exchange(at: proxy.time)
        trace.hookEnded(exchange, "quick", .request, nanoseconds: 999_999)
        proxy.time.advance(by: .milliseconds(5))
        trace.hookEnded(exchange, "slow", .request, nanoseconds: 2_000_000)
        trace.hookEnded(exchange, "slow", .responseBody, nanoseconds: 1_000_000)
        #expect(trace.slowHooks.map(\.plugin) == ["slow", "slow"])
        let text = JSONBuffer(capacity: 100)
        exchange.now = proxy.time.monotonic
        exchange.outcome.duration = .milliseconds(5)
        exchange.decisions = [DecisionRecord(plugin: "slow", kind: .observed, reason: "why")]
        #expect(ExchangeSpans(trace, of: exchange, to: text).write() == 3)
        let lines = String(decoding: text.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[1].hasSuffix(
                #""name":"slow request","kind":1,"startTimeUnixNano":"1767225600003000000","endTimeUnixNano":"1767225600005000000","attributes":[{"key":"sluice.plugin","value":{"stringValue":"slow"}},{"key":"sluice.phase","value":{"stringValue":"request"}},{"key":"sluice.decision","value":{"stringValue":"observed"}},{"key":"sluice.reason","value":{"stringValue":"why"}}]}"#
            ))
        #expect(lines[2].contains(#""name":"slow response body""#))
        #expect(!lines[2].contains("sluice.decision"))
        for _ in 0..<100 {
            trace.hookEnded(exchange, "slow", .responseBody, nanoseconds: 1_000_000)
        }
        #expect(trace.slowHooks.count == ExchangeTrace.hookBound)
        #expect(trace.unshownHooks == 102 - ExchangeTrace.hookBound)
    }

    @Test("what no request was sampled of is not posted")
    func notSampled() async throws {
        let plugin = try tracing(proxy, sample: 0)
        proxy.add(plugin)
        for _ in 0..<10 { _ = try await proxy.send() }
        plugin.stop()
        #expect(collector.bodies.isEmpty)
        #expect(proxy.metrics["tracing_spans_exported_total", ["plugin": "tracing"]] == 0)
    }

    @Test(
        "a reload that changes nothing here loses nothing, and the last one to stop posts what waits"
    )
    func reload() async throws {
        let first = try tracing(proxy)
        proxy.add(first)
        _ = try await proxy.send()
        let reloaded = TestProxy(reloading: proxy)
        let second = try tracing(reloaded)
        reloaded.add(second)
        first.stop()
        #expect(collector.bodies.isEmpty)
        _ = try await reloaded.send()
        second.stop()
        #expect(collector.bodies.count == 1)
        #expect(spans.count == 4)
        // And it can begin anew.
        let third = try tracing(reloaded)
        third.stop()
        let other = try tracing(reloaded, #""batch": 7"#)
        other.stop()
    }

    @Test("an exchange's spans are queued together or dropped together, and counted")
    func bounded() async throws {
        let plugin = try tracing(proxy, #""queue": 5, "batch": 100"#)
        proxy.add(plugin)
        // At half the queue the writer is told to come, so what follows may find room again.
        for _ in 0..<22 { _ = try await proxy.send() }
        plugin.stop()
        let exported = proxy.metrics["tracing_spans_exported_total", ["plugin": "tracing"]] ?? 0
        let dropped =
            proxy.metrics[
                "tracing_spans_dropped_total", ["plugin": "tracing", "reason": "queue_full"]] ?? 0
        #expect(exported + dropped == 44)
        #expect(exported.truncatingRemainder(dividingBy: 2) == 0)
        #expect(Int(exported) == spans.count)
    }
}
