import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("tracing: the fields that go on")
struct TracingTests {
    private let proxy = TestProxy()

    private static let given = TraceParentTests.valid
    private static let notSampled = given.dropLast(1) + "0"

    /// Nothing listens there: what is queued stays where it is.
    private func add(_ settings: String = "", mode: TestProxy.Mode = .enforce) throws {
        try proxy.add(TrustedProxy.self, #"{ "trusted": ["loopback"] }"#)
        try proxy.add(
            Tracing.self, #"{ "endpoint": "http://127.0.0.1:1/v1/traces", \#(settings) }"#,
            mode: mode)
    }

    private func parse(_ text: String?) -> TraceParent? {
        text.flatMap { text in Array(text.utf8).withUnsafeBufferPointer { TraceParent($0) } }
    }

    @Test("a trace begins here, under a span that is none of the request's own")
    func begins() async throws {
        try add()
        var traces: Set<UInt64> = []
        for _ in 0..<100 {
            let result = try await proxy.send()
            let place = parse(result.sent?.headers["traceparent"])
            #expect(result.sent?.headers.values(of: "traceparent").count == 1)
            traces.insert(try #require(place).trace.low)
        }
        #expect(traces.count == 100)
        #expect(try await proxy.send().headers["traceparent"] == nil)
    }

    @Test("a trusted peer's trace goes on, and so does its decision", arguments: [true, false])
    func continues(isSampled: Bool) async throws {
        try add()
        let given = isSampled ? Self.given : String(Self.notSampled)
        let result = try await proxy.send(
            headers: ["Traceparent": given, "tracestate": "a=1,b=2"], peer: "127.0.0.1")
        let place = try #require(parse(result.sent?.headers["traceparent"]))
        #expect(place.trace == parse(given)!.trace)
        #expect(place.span != parse(given)!.span)
        #expect(place.isSampled == isSampled)
        #expect(result.sent?.headers.values(of: "tracestate") == ["a=1,b=2"])
    }

    @Test("without respectParent the share decides about a trusted peer's traces too")
    func disrespect() async throws {
        try add(#""respectParent": false, "sample": 0"#)
        let result = try await proxy.send(headers: ["traceparent": Self.given], peer: "127.0.0.1")
        let place = try #require(parse(result.sent?.headers["traceparent"]))
        #expect(!place.isSampled)
        #expect(place.trace == parse(Self.given)!.trace)
    }

    @Test("an untrusted peer's trace is dropped, and another begins")
    func untrusted() async throws {
        try add(#""sample": 0"#)
        let result = try await proxy.send(
            headers: ["traceparent": Self.given, "tracestate": "a=1", "TraceState": "b=2"])
        let place = try #require(parse(result.sent?.headers["traceparent"]))
        #expect(place.trace != parse(Self.given)!.trace)
        #expect(!place.isSampled)
        #expect(result.sent?.headers["tracestate"] == nil)
    }

    @Test("what is not valid, or there twice, begins a trace of its own without a state")
    func invalid() async throws {
        try add()
        let cases: [KeyValuePairs<String, String>] = [
            ["traceparent": "nonsense", "tracestate": "a=1"],
            ["traceparent": Self.given, "Traceparent": Self.given, "tracestate": "a=1"],
            [
                "traceparent": "nonsense", "traceparent": Self.given, "traceparent": Self.given,
                "tracestate": "a=1",
            ],
            ["tracestate": "a=1"],
        ]
        for headers in cases {
            let result = try await proxy.send(
                TestRequest("GET", "/", headers: headers, peer: "127.0.0.1"))
            let fields = result.sent?.headers.values(of: "traceparent") ?? []
            #expect(fields.count == 1)
            #expect(try #require(parse(fields.first)).trace != parse(Self.given)!.trace)
            #expect(result.sent?.headers["tracestate"] == nil)
        }
    }

    static let states: [(fields: [String], goesOn: Bool)] = [
        ([""], true), (["a=1"], true), (["a=1", "b=2"], true), (["a=1, ,\t,b=2"], true),
        ([(0..<32).map { "k\($0)=v" }.joined(separator: ",")], true),
        ([(0..<33).map { "k\($0)=v" }.joined(separator: ",")], false),
        (
            [
                (0..<16).map { "k\($0)=v" }.joined(separator: ","),
                (0..<17).map { "l\($0)=v" }.joined(separator: ","),
            ], false
        ),
        (["a=" + String(repeating: "x", count: 510)], true),
        (["a=" + String(repeating: "x", count: 511)], false),
        // With the comma that joins them.
        (["a=1", "b=" + String(repeating: "x", count: 506)], true),
        (["a=1", "b=" + String(repeating: "x", count: 507)], false),
    ]

    @Test("a state goes on unchanged, unless it is longer than it may be", arguments: states)
    func state(fields: [String], goesOn: Bool) async throws {
        try add()
        let exchange = TestRequest("GET", "/", peer: "127.0.0.1").exchange()
        exchange[Facts.peerIsTrusted] = true
        exchange.request.headers.append("traceparent", Self.given)
        for field in fields { exchange.request.headers.append("tracestate", field) }
        let plugin = try proxy.add(Tracing.self, #"{ "endpoint": "http://127.0.0.1:1/" }"#)
        _ = plugin.request(exchange)
        let sent = exchange.request.headers.values(of: "tracestate").map(\.string)
        #expect(sent == (goesOn ? fields : []))
    }

    @Test("each attempt goes out under a span of its own, where the request is sampled")
    func attempts() async throws {
        try add(#""sample": 1"#)
        let result = try await proxy.send()
        let sent = try #require(parse(result.sent?.headers["traceparent"]))
        #expect(sent.isSampled)
    }

    @Test("one that is only observed changes no field")
    func observed() async throws {
        try add(#""sample": 1"#, mode: .observe)
        let first = try await proxy.send()
        #expect(first.sent?.headers["traceparent"] == nil)
        let second = try await proxy.send(
            headers: ["traceparent": Self.given, "tracestate": "a=1"], peer: "192.0.2.9")
        #expect(second.sent?.headers["traceparent"] == Self.given)
        #expect(second.sent?.headers["tracestate"] == "a=1")
    }

    @Test("where nothing may be sent, requests are marked and nothing is kept of them")
    func dry() async throws {
        var setup = proxy.setup(label: "tracing")
        setup.makePostClient = nil
        let settings = ConfigurationValue(
            .object([
                .init(
                    name: "endpoint", namePosition: .init(line: 1, column: 1),
                    value: ConfigurationValue(.string("http://127.0.0.1:1/"))),
                .init(
                    name: "sample", namePosition: .init(line: 1, column: 1),
                    value: ConfigurationValue(.number("1"))),
            ]))
        let plugin = Tracing(try .init(setting: settings), setup)
        try plugin.start()
        let exchange = TestRequest("GET", "/").exchange()
        _ = plugin.request(exchange)
        #expect(parse(exchange.request.headers["traceparent"]?.string)?.isSampled == true)
        #expect(exchange.observer == nil)
        plugin.completed(exchange)
        plugin.stop()
        #expect(plugin.state == .null)
    }

    @Test(
        "an endpoint that is none is told so",
        arguments: [
            (#""127.0.0.1:4318/v1/traces""#, #"did you mean "http://127.0.0.1:4318/v1/traces"?"#),
            (#""ftp://host/""#, "expected a URL such as"),
            (#""http://""#, "expected a URL such as"),
            (#""http://user@host/""#, "expected a URL such as"), ("5", "expected a URL such as"),
        ])
    func endpoint(written: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try proxy.add(Tracing.self, #"{ "endpoint": \#(written) }"#)
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
