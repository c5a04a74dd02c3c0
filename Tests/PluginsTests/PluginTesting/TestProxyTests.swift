import PluginAPI
import PluginTesting
import Testing

/// Notes each phase in a fact.
private struct Witness: RequestPhase, AsyncRequestPhase, WholeRequestPhase, RequestBodyPhase,
    ResponseHeadPhase, ResponseBodyPhase, CompletedPhase
{
    static let name = "witness"
    static let seen = Fact<[String]>("seen")

    struct Configuration: PluginConfiguration {
        @Setting("name", "What it calls itself.") var name = "a"
        @Setting("refuse", "Whether it refuses.") var refuses = false
        @Setting("fail", "Whether it throws.") var fails = false
        @Setting("bodyLimit", "The largest body, in bytes.") var bodyLimit = 100
        @Setting("replace", "Whether it replaces the answer.") var replaces = false
        @Setting("announce", "Whether it says so before.") var announces = true
        init() {}
    }

    struct Failure: Error {}

    let settings: Configuration
    var bodyLimit: Int { settings.bodyLimit }

    init(_ configuration: Configuration, _ setup: Setup) { settings = configuration }

    private func note(_ exchange: Exchange, _ phase: String) {
        exchange[Self.seen, default: []].append("\(settings.name) \(phase)")
    }

    func request(_ exchange: Exchange) throws -> Decision {
        note(exchange, "request")
        if settings.fails { throw Failure() }
        return settings.refuses ? .refuse(403, reason: "refused") : .proceed
    }

    func request(_ exchange: Exchange) async throws -> Decision {
        await Task.yield()
        note(exchange, "async")
        return .proceed
    }

    func request(_ exchange: Exchange, body: Span<UInt8>) -> Decision {
        note(exchange, "whole \(body.count)")
        return .proceed
    }

    func requestBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) {
        note(exchange, "body \(bytes.count)\(isLast ? " last" : "")")
    }

    func responseHead(_ exchange: Exchange) {
        note(exchange, "head \(exchange.response.status)")
        if settings.replaces, settings.announces { exchange.response.bodyWillChange() }
    }

    func responseBody(_ exchange: Exchange, _ bytes: Span<UInt8>, isLast: Bool) -> BodyDecision {
        note(exchange, "answer \(bytes.count)\(isLast ? " last" : "")")
        return settings.replaces ? .replace(Array("[\(bytes.count)]".utf8)) : .pass
    }

    func completed(_ exchange: Exchange) { note(exchange, "completed") }
}

@Suite("A proxy for tests")
struct TestProxyTests {
    @Test("runs the phases in their order, requests first to last, answers last to first")
    func order() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "name": "a" }"#)
        try proxy.add(Witness.self, #"{ "name": "b" }"#, label: "second")
        proxy.upstream = UpstreamAnswer(201, body: ["xy", "z"])
        let result = try await proxy.send("POST", "/p?q", body: ["1", "23"])
        #expect(
            result[Witness.seen] == [
                "a request", "a async", "a whole 3", "b request", "b async", "b whole 3",
                "a body 1", "b body 1", "a body 2 last", "b body 2 last", "b head 201",
                "a head 201", "b answer 2", "a answer 2", "b answer 1 last", "a answer 1 last",
                "b completed", "a completed",
            ])
        #expect(result.status == 201)
        #expect(result.body == "xyz")
        #expect(result.sent?.target == "/p?q")
        #expect(result.sent?.body.runs.count == 2)
    }

    @Test("a refusal ends the request, and its answer goes back the way that the request came")
    func refusal() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "name": "a", "refuse": true }"#)
        try proxy.add(Witness.self, #"{ "name": "b" }"#, label: "second")
        let result = try await proxy.send()
        #expect(
            result[Witness.seen]?.map { $0.prefix(6) } == [
                "a requ", "a head", "a answ", "b comp", "a comp",
            ])
        #expect(result.status == 403)
        #expect(result.reason == "refused")
        #expect(result.decisions.first?.kind == .refuse)
        #expect(result.sent == nil)
        #expect(result.body.contains(#""code":"refused""#))
    }

    @Test("a plugin in observe mode is recorded and has no say")
    func observe() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "refuse": true }"#, label: "trial", mode: .observe)
        let result = try await proxy.send()
        #expect(result.status == 200)
        #expect(result.decisions.first?.plugin == "trial")
        #expect(result.decisions.first?.kind == .observed)
    }

    @Test("a hook that throws ends the request with a 500")
    func failure() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "fail": true }"#)
        let result = try await proxy.send()
        #expect(result.status == 500)
        #expect(result.decisions.first?.kind == .failed)
        #expect(result.exchange.outcome.error == "plugin witness: Failure()")
    }

    @Test("a body longer than a plugin takes is refused with 413")
    func bodyLimit() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "bodyLimit": 3 }"#)
        #expect(try await proxy.send("POST", body: "123").status == 200)
        #expect(try await proxy.send("POST", body: "1234").status == 413)
    }

    @Test("bytes may be replaced where that has been announced")
    func replaces() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self, #"{ "replace": true }"#)
        proxy.upstream = UpstreamAnswer(body: ["ab", "c"], endsAlone: true)
        #expect(try await proxy.send().body == "[2][1][0]")

        let careless = TestProxy()
        try careless.add(Witness.self, #"{ "replace": true, "announce": false }"#)
        careless.upstream = proxy.upstream
        await #expect(throws: (any Error).self) { _ = try await careless.send() }
    }

    @Test("an answer that is broken off has no last run")
    func endings() async throws {
        let proxy = TestProxy()
        try proxy.add(Witness.self)
        proxy.upstream = UpstreamAnswer(body: ["ab"], ending: .clientLeaves)
        let result = try await proxy.send()
        #expect(result[Witness.seen]?.suffix(2) == ["a answer 2", "a completed"])
        #expect(result.exchange.outcome.aborted == .client)
        #expect(result.status == 499)
    }

    @Test("time passes when it is told to")
    func time() async throws {
        let proxy = TestProxy()
        proxy.upstream.delay = .milliseconds(250)
        #expect(try await proxy.send().exchange.outcome.duration == .milliseconds(250))
        proxy.time.advance(by: .seconds(60))
        #expect(
            try await proxy.send().exchange.startedAt.description == "2026-01-01T00:01:00.250000Z")
    }

    @Test("an error in a configuration reads as sluice check shows it")
    func configurationError() {
        let error = #expect(throws: ConfigurationError.self) {
            try TestProxy().add(Witness.self, #"{ "bodyLimit": "x" }"#)
        }
        #expect(
            error?.description == #"1:16: bodyLimit: expected a whole number, found "x""#)
    }

    @Test("a hook can be called by hand")
    func byHand() throws {
        let plugin = try TestProxy().add(Witness.self, #"{ "refuse": true }"#)
        let decision = try plugin.request(TestRequest("GET", "/admin").exchange())
        guard case .refuse(let refusal) = decision else {
            Issue.record("expected a refusal, found \(decision)")
            return
        }
        #expect(refusal.status == 403)
    }
}
