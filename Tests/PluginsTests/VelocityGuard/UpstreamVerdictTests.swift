import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("What an exchange tells of its upstream")
struct UpstreamVerdictTests {
    private let time = ManualTime()

    private func verdict(of exchange: Exchange, patience: Duration = .seconds(10))
        -> UpstreamVerdict?
    {
        exchange.now = time.monotonic
        return UpstreamVerdict(exchange, patience: patience)
    }

    /// What a chain of nothing makes of an upstream's answer.
    private func verdict(of answer: UpstreamAnswer) async throws -> UpstreamVerdict? {
        let proxy = TestProxy()
        proxy.upstream = answer
        let result = try await proxy.send()
        return UpstreamVerdict(result.exchange, patience: .seconds(10))
    }

    /// One whose client has left.
    private func left(
        after wait: Duration?, attempts: Int = 1
    ) -> Exchange {
        let exchange = TestRequest().exchange(at: time)
        exchange.outcome.status = 499
        exchange.outcome.aborted = .client
        exchange.outcome.attempts = attempts
        exchange.outcome.duration = .seconds(100)
        exchange.outcome.clientWait = wait
        return exchange
    }

    @Test("there are as many as records have room for")
    func count() { #expect(UpstreamVerdict.allCases.count == UpstreamVerdict.count) }

    @Test(
        "an upstream's answer is judged by its status",
        arguments: [
            (200, .success), (204, .success), (304, .success), (400, .success), (429, .success),
            (499, .success), (500, .status500), (501, .otherStatus), (502, .status502),
            (503, .status503), (504, .status504), (520, .otherStatus), (529, .status529),
            (599, .otherStatus),
        ] as [(Int, UpstreamVerdict)])
    func statuses(status: Int, expected: UpstreamVerdict) async throws {
        #expect(try await verdict(of: UpstreamAnswer(status)) == expected)
    }

    @Test("an upstream that cannot be reached has failed")
    func unreachable() async throws {
        #expect(try await verdict(of: .unreachable) == .status502)
    }

    @Test("an answer that breaks off after its head is a failure, though the client saw a 200")
    func brokenOff() async throws {
        let answer = UpstreamAnswer(200, body: "half", ending: .upstreamBreaks)
        #expect(try await verdict(of: answer) == .brokenOff)
    }

    @Test("a request that was meant for no upstream tells nothing")
    func withoutUpstream() {
        let exchange = TestRequest().exchange(at: time)
        exchange.upstream = nil
        exchange.outcome.status = 404
        exchange.response.source = .proxy
        #expect(verdict(of: exchange) == nil)
    }

    @Test(
        "what the proxy answers tells of the upstream only where it could not",
        arguments: [
            (502, 1, .status502), (502, 0, .status502), (504, 1, .status504),
            (503, 1, .status503), (503, 0, nil), (500, 1, nil), (413, 1, nil), (408, 1, nil),
            (200, 0, nil),
        ] as [(Int, Int, UpstreamVerdict?)])
    func proxysOwn(status: Int, attempts: Int, expected: UpstreamVerdict?) {
        let exchange = TestRequest().exchange(at: time)
        exchange.response.source = .proxy
        exchange.outcome.status = status
        exchange.outcome.attempts = attempts
        #expect(verdict(of: exchange) == expected)
    }

    @Test(
        "what a plugin refused or answered tells nothing, what it would have refused does",
        arguments: [(.refuse, nil), (.answer, nil), (.observed, .status502), (.failed, .status502)]
            as [(DecisionRecord.Kind, UpstreamVerdict?)])
    func decided(kind: DecisionRecord.Kind, expected: UpstreamVerdict?) {
        let exchange = TestRequest().exchange(at: time)
        exchange.response.source = .proxy
        exchange.outcome.status = 502
        exchange.decisions = [DecisionRecord(plugin: "p", kind: kind, reason: "r")]
        #expect(verdict(of: exchange) == expected)
    }

    @Test("what the proxy broke off tells nothing")
    func brokenOffByProxy() {
        let exchange = TestRequest().exchange(at: time)
        exchange.outcome.status = 503
        exchange.outcome.attempts = 1
        exchange.outcome.aborted = .proxy
        #expect(verdict(of: exchange) == nil)
    }

    // MARK: Clients who leave

    @Test("a client that leaves after waiting for the answer has been failed")
    func slow() { #expect(verdict(of: left(after: .seconds(10))) == .clientGaveUp) }

    @Test("one that leaves sooner tells nothing, neither good nor bad")
    func fast() { #expect(verdict(of: left(after: .milliseconds(9999))) == nil) }

    @Test("one that leaves before its request went anywhere tells nothing")
    func notSent() { #expect(verdict(of: left(after: .seconds(60), attempts: 0)) == nil) }

    @Test("one that reads no further, until the proxy breaks off, tells nothing")
    func stoppedReading() {
        let exchange = left(after: .seconds(60))
        exchange.outcome.status = 200
        #expect(verdict(of: exchange) == nil)
    }

    @Test("one that is still sending has not been kept waiting, however long it takes")
    func stillSending() { #expect(verdict(of: left(after: nil)) == nil) }

    @Test("one that stops a stream which flows has not been kept waiting, however long it took")
    func stopsStream() async throws {
        let proxy = TestProxy()
        try proxy.add(VelocityGuard.self, #"{ "slowClientAfter": "5s" }"#)
        proxy.upstream = UpstreamAnswer(
            body: ["a", "b"], delay: .seconds(30), ending: .clientLeaves)
        let result = try await proxy.send("POST", "/", body: "text")
        #expect(result.status == 499)
        #expect(UpstreamVerdict(result.exchange, patience: .seconds(5)) == nil)
    }
}
