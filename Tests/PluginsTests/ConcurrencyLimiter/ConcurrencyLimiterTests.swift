import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

/// Refuses what it is told to, behind a limiter.
private struct LaterRefusal: RequestPhase {
    static let name = "later-refusal"

    struct Configuration: PluginConfiguration {}
    struct Failure: Error {}

    init(_ configuration: Configuration, _ setup: Setup) {}

    func request(_ exchange: Exchange) throws -> Decision {
        switch exchange.request.path {
        case "/refused": .refuse(403, reason: "refused")
        case "/failed": throw Failure()
        default: .proceed
        }
    }
}

@Suite("concurrency-limiter", .timeLimit(.minutes(1)))
struct ConcurrencyLimiterTests {
    private let proxy = TestProxy()

    @discardableResult
    private func add(
        _ config: String, label: String? = nil, mode: TestProxy.Mode = .enforce
    ) throws -> ConcurrencyLimiter {
        let limiter = try proxy.add(ConcurrencyLimiter.self, config, label: label, mode: mode)
        limiter.start()
        return limiter
    }

    private func begin(as identity: String, peer: String = "192.0.2.1") -> RunningRequest {
        proxy.begin(headers: ["x-identity": identity], peer: peer)
    }

    // MARK: - Places

    @Test("so many are under way at once, and one more is refused until one has ended")
    func limit() async throws {
        try add(#"{ "limit": 2 }"#)
        let (first, second) = (proxy.begin(), proxy.begin())
        let refused = try await proxy.send()
        #expect(refused.status == 503)
        #expect(refused.reason == "concurrency_limit")
        #expect(refused.headers["retry-after"] == "1")
        #expect(refused.sent == nil)
        #expect(try await first.end().status == 200)
        #expect(try await proxy.send().status == 200)
        #expect(try await second.end().status == 200)
    }

    @Test("the status of refusals is the operator's choice")
    func status() async throws {
        try add(#"{ "limit": 1, "status": 429 }"#)
        let first = proxy.begin()
        #expect(try await proxy.send().status == 429)
        _ = try await first.end()
    }

    @Test("each key has places of its own")
    func keys() async throws {
        try proxy.add(KnownFacts.self)
        try add(#"{ "limit": 1, "key": ["identity", "address"] }"#)
        let places = [
            begin(as: "alice"), begin(as: "bob"), begin(as: "alice", peer: "192.0.2.2"),
        ]
        let refused = begin(as: "alice")
        #expect(try await refused.end().status == 503)
        for place in places { #expect(try await place.end().status == 200) }
    }

    @Test("requests that lack a part share the places, or need none, as the operator says")
    func missing() async throws {
        try add(#"{ "limit": 1, "key": "header:x-team" }"#, label: "shared")
        try add(
            #"{ "limit": 1, "key": "header:x-other", "whenMissing": "skip" }"#, label: "skipped")
        let first = proxy.begin()
        let second = proxy.begin(headers: ["x-team": "a"])
        #expect(try await proxy.send().decisions.map(\.plugin) == ["shared"])
        #expect(try await first.end().status == 200)
        #expect(try await second.end().status == 200)
    }

    @Test("velocity mode lowers this limit too, but never to nothing")
    func multiplier() async throws {
        try proxy.add(KnownFacts.self, #"{ "multiplier": 0.1 }"#)
        try add(#"{ "limit": 29 }"#)
        let places = [proxy.begin(), proxy.begin()]
        #expect(try await proxy.send().status == 503)
        for place in places { #expect(try await place.end().status == 200) }
        try proxy.add(ConcurrencyLimiter.self, #"{ "limit": 1 }"#, label: "one").start()
        #expect(try await proxy.send().status == 200)
    }

    @Test(
        "a place is given back whatever becomes of the request",
        arguments: [
            "/", "/refused", "/failed", "unreachable", "upstream breaks", "client leaves",
            "client leaves before the answer",
        ])
    func givenBack(end: String) async throws {
        let limiter = try add(#"{ "limit": 1 }"#)
        try proxy.add(LaterRefusal.self)
        switch end {
        case "unreachable": proxy.upstream = .unreachable
        case "upstream breaks": proxy.upstream = UpstreamAnswer(body: "x", ending: .upstreamBreaks)
        case "client leaves": proxy.upstream = UpstreamAnswer(body: "x", ending: .clientLeaves)
        default: break
        }
        for _ in 0..<3 {
            let request = proxy.begin("GET", end.hasPrefix("/") ? end : "/")
            #expect(limiter.state == ["running": 1, "waiting": 0, "keys": 1])
            if end == "client leaves before the answer" {
                _ = await request.leave()
            } else {
                _ = try await request.end()
            }
            #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
        }
    }

    @Test("a request that was refused has no place to give back")
    func refusedHasNone() async throws {
        let limiter = try add(#"{ "limit": 2 }"#)
        let places = [proxy.begin(), proxy.begin()]
        for _ in 0..<5 { #expect(try await proxy.send().status == 503) }
        #expect(limiter.state == ["running": 2, "waiting": 0, "keys": 1])
        for place in places { #expect(try await place.end().status == 200) }
        #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
    }

    @Test("two in a chain each have places of their own")
    func two() async throws {
        try proxy.add(KnownFacts.self)
        try add(#"{ "limit": 1, "key": "identity" }"#, label: "each")
        try add(#"{ "limit": 2 }"#, label: "all")
        let (alice, bob) = (begin(as: "alice"), begin(as: "bob"))
        let again = begin(as: "alice")
        #expect(try await again.end().decisions.map(\.plugin) == ["each"])
        let carol = begin(as: "carol")
        #expect(try await carol.end().decisions.map(\.plugin) == ["all"])
        for place in [alice, bob] { #expect(try await place.end().status == 200) }
        #expect(try await proxy.send().status == 200)
    }

    // MARK: - The queue

    @Test("those beyond wait, and get the places in the order in which they came")
    func order() async throws {
        let limiter = try add(#"{ "limit": 1, "queue": 3 }"#)
        let first = proxy.begin()
        let waiting = (0..<3).map { _ in proxy.begin() }
        #expect(limiter.state == ["running": 1, "waiting": 3, "keys": 1])
        #expect(proxy.metrics["concurrency_running"] == 1)
        #expect(proxy.metrics["concurrency_waiting"] == 3)
        let refused = try await proxy.send()
        #expect(refused.status == 503)
        #expect(refused.reason == "queue_full")
        #expect(refused.headers["retry-after"] == "5")
        _ = try await first.end()
        for (index, request) in waiting.enumerated() {
            #expect(waiting.map(\.isWaiting) == (0..<3).map { $0 > index })
            #expect(try await request.end().status == 200)
        }
        #expect(proxy.metrics["concurrency_waits_total"] == 3)
        #expect(proxy.metrics["concurrency_waiting"] == 0)
    }

    @Test("nobody who comes later gets the place of one that waits")
    func noOvertaking() async throws {
        try add(#"{ "limit": 1, "queue": 2 }"#)
        let first = proxy.begin()
        let second = proxy.begin()
        _ = try await first.end()
        // The second has the place now, though it has not gone on yet.
        let third = proxy.begin()
        #expect(!second.isWaiting)
        #expect(third.isWaiting)
        #expect(try await second.end().status == 200)
        #expect(try await third.end().status == 200)
    }

    @Test("each key has a queue of its own")
    func queues() async throws {
        try proxy.add(KnownFacts.self)
        try add(#"{ "limit": 1, "queue": 1, "key": "identity" }"#)
        let requests = ["alice", "bob", "alice", "bob"].map { begin(as: $0) }
        #expect(requests.map(\.isWaiting) == [false, false, true, true])
        #expect(try await proxy.send(headers: ["x-identity": "alice"]).reason == "queue_full")
        _ = try await requests[1].end()
        #expect(requests.map(\.isWaiting) == [false, false, true, false])
        for index in [0, 2, 3] { #expect(try await requests[index].end().status == 200) }
    }

    @Test("who waits too long is refused, and leaves its place in the queue to another")
    func timeout() async throws {
        let limiter = try add(#"{ "limit": 1, "queue": 1, "timeout": "2500ms" }"#)
        let first = proxy.begin()
        let second = proxy.begin()
        proxy.time.advance(by: .milliseconds(2499))
        #expect(second.isWaiting)
        proxy.time.advance(by: .milliseconds(1))
        let late = try await second.end()
        #expect(late.status == 503)
        #expect(late.reason == "queue_timeout")
        #expect(late.headers["retry-after"] == "3")
        #expect(late.sent == nil)
        #expect(late[Facts.queueWait] == .milliseconds(2500))
        #expect(limiter.state == ["running": 1, "waiting": 0, "keys": 1])
        let third = proxy.begin()
        #expect(third.isWaiting)
        _ = try await first.end()
        #expect(try await third.end().status == 200)
    }

    @Test("how long a request has waited is known behind, of all limiters together")
    func queueWait() async throws {
        try add(#"{ "limit": 1, "queue": 1 }"#, label: "a")
        try add(#"{ "limit": 1, "queue": 1 }"#, label: "b")
        let first = proxy.begin()
        let second = proxy.begin()
        proxy.time.advance(by: .seconds(3))
        let result = try await first.end()
        #expect(result[Facts.queueWait] == nil)
        #expect(try await second.end()[Facts.queueWait] == .seconds(3))
    }

    @Test("a client that leaves while it waits does not hold up those behind")
    func leaves() async throws {
        let limiter = try add(#"{ "limit": 1, "queue": 2 }"#)
        let first = proxy.begin()
        let (second, third) = (proxy.begin(), proxy.begin())
        #expect(await second.leave().status == 499)
        #expect(limiter.state == ["running": 1, "waiting": 1, "keys": 1])
        let fourth = proxy.begin()
        _ = try await first.end()
        #expect(!third.isWaiting && fourth.isWaiting)
        #expect(try await third.end().status == 200)
        #expect(try await fourth.end().status == 200)
        #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
    }

    @Test("a client that leaves when it has just got its place gives it to the next")
    func leavesWithPlace() async throws {
        let limiter = try add(#"{ "limit": 1, "queue": 2 }"#)
        let first = proxy.begin()
        let (second, third) = (proxy.begin(), proxy.begin())
        _ = try await first.end()
        #expect(await second.leave().status == 499)
        #expect(!third.isWaiting)
        #expect(limiter.state == ["running": 1, "waiting": 0, "keys": 1])
        #expect(try await third.end().status == 200)
        #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
    }

    // MARK: - Observing

    @Test("an observed one counts what it would have held up, and holds up nobody")
    func observed() async throws {
        let limiter = try add(#"{ "limit": 1, "queue": 2 }"#, mode: .observe)
        let requests = (0..<5).map { _ in proxy.begin() }
        #expect(requests.allSatisfy { !$0.isWaiting })
        #expect(limiter.state == ["running": 5, "waiting": 0, "keys": 1])
        var reasons: [String?] = []
        for request in requests {
            let result = try await request.end()
            #expect(result.status == 200)
            reasons.append(result.reason)
        }
        #expect(
            reasons == [nil, "concurrency_limit", "concurrency_limit", "queue_full", "queue_full"])
        #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
    }

    // MARK: - Reloads

    @Test(
        "after a reload those who began before it count, and who waits gets a place by the new limit"
    )
    func reload() async throws {
        let old = try add(#"{ "limit": 1, "queue": 2 }"#)
        let first = proxy.begin()
        let (second, third) = (proxy.begin(), proxy.begin())
        let next = TestProxy(reloading: proxy)
        let new = try next.add(ConcurrencyLimiter.self, #"{ "limit": 2, "queue": 0 }"#)
        #expect(second.isWaiting)
        new.start()
        #expect(!second.isWaiting && third.isWaiting)
        #expect(new.state == old.state)
        #expect(try await next.send().reason == "concurrency_limit")
        for request in [first, second, third] { #expect(try await request.end().status == 200) }
        old.stop()
        #expect(try await next.send().status == 200)
    }

    @Test("a configuration that is refused changes nothing")
    func refusedReload() async throws {
        let old = try add(#"{ "limit": 1 }"#)
        let first = proxy.begin()
        let next = TestProxy(reloading: proxy)
        let refused = try next.add(ConcurrencyLimiter.self, #"{ "limit": 5 }"#)
        refused.start()
        refused.stop()
        #expect(try await proxy.send().status == 503)
        _ = try await first.end()
        #expect(old.state == ["running": 0, "waiting": 0, "keys": 0])
    }

    @Test("with another key it begins anew")
    func otherKey() async throws {
        try add(#"{ "limit": 1, "key": "header:x-a" }"#)
        let first = proxy.begin(headers: ["x-a": "1", "x-b": "1"])
        let next = TestProxy(reloading: proxy)
        try next.add(ConcurrencyLimiter.self, #"{ "limit": 1, "key": "header:x-b" }"#).start()
        #expect(try await next.send(headers: ["x-a": "1", "x-b": "1"]).status == 200)
        _ = try await first.end()
    }

    // MARK: - Configuration

    @Test(
        "what makes no sense is an error that says why",
        arguments: [
            (#"{}"#, "limit"),
            (#"{ "limit": 0 }"#, "from 1 to 1000000"),
            (#"{ "limit": 1, "status": 500 }"#, "expected 429 or 503, found 500"),
            (#"{ "limit": 1, "status": 428 }"#, "from 429 to 503"),
            (#"{ "limit": 1, "timeout": "1s" }"#, "nobody waits"),
            (#"{ "limit": 1, "key": ["everyone", "route"] }"#, "a key by itself"),
            (#"{ "limit": 1, "key": ["route", "route"] }"#, "stands here twice"),
        ])
    func errors(config: String, words: String) {
        let error = #expect(throws: ConfigurationError.self) { try add(config) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
