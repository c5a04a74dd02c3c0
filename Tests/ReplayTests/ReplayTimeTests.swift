import PluginTesting
import Plugins
import Testing

@testable import Replay

@Suite("A replay lets each request end at its own time")
struct ReplayTimeTests {
    private let fixture: ReplayFixture

    init() throws {
        fixture = try ReplayFixture()
        try fixture.configure("running.json")
    }

    private func changes(_ records: [Recorded]) throws -> [String: String] {
        try fixture.write(records.lines)
        return ReplayFixture.changes(try fixture.replay())
    }

    @Test(
        "who waits for a place gets it when one that is under way has ended, or is refused in time")
    func queue() throws {
        try fixture.configure(
            "new.json",
            """
            { "plugin": "concurrency-limiter",
              "config": { "limit": 1, "queue": 1, "timeout": "5s" } }
            """)
        let second: Int64 = 1_000_000
        let changes = try changes([
            Recorded(id: "first", time: 0, duration: second),
            Recorded(id: "waits", time: 100_000, duration: 10 * second),
            Recorded(id: "no place to wait", time: 200_000, duration: second),
            // The one that waited has the place from 1 s to 11 s.
            Recorded(id: "waits too long", time: 2 * second, duration: second),
            Recorded(id: "waits and gets it", time: 10 * second, duration: second),
            Recorded(id: "in its place", time: 13 * second, duration: second),
        ])
        #expect(
            changes == [
                "no place to wait": "refuse concurrency-limiter 503 queue_full",
                "waits too long": "refuse concurrency-limiter 503 queue_timeout",
            ])
    }

    @Test("a recorded wait for a turn is none where there is no queue any more")
    func noQueue() throws {
        let second: Int64 = 1_000_000
        func limiter(_ limit: Int) -> String {
            "{ \"plugin\": \"concurrency-limiter\", \"config\": { \"limit\": \(limit), \"queue\": 9, \"timeout\": \"60s\" } }"
        }
        try fixture.configure("running.json", limiter(1))
        try fixture.configure(
            "new.json",
            #"{ "plugin": "budget", "config": { "limit": "1.00", "per": "day", "key": "address" } }"#,
            #"{ "plugin": "cost-reader" }"#)
        var waited = Recorded(id: "waited", time: second, duration: 10 * second, cost: "2.00")
        waited.upstreamDuration = second
        let changes = try changes([
            Recorded(id: "first", time: 0, duration: 10 * second, client: "192.0.2.2"), waited,
            // The new configuration has let it go on at once, and it has ended at 2 s.
            Recorded(id: "after", time: 3 * second, duration: 9 * second),
        ])
        #expect(changes == ["after": "refuse budget 402 budget_exceeded"])
    }

    @Test("a client that left leaves while it waits, and not when it would have had its turn")
    func leavesWaiting() throws {
        try fixture.configure(
            "new.json",
            #"{ "plugin": "concurrency-limiter", "config": { "limit": 1, "queue": 5 } }"#)
        let second: Int64 = 1_000_000
        let changes = try changes([
            Recorded(id: "first", time: 0, duration: 3 * second),
            Recorded(id: "leaves", time: second, duration: second, aborted: "client"),
            Recorded(id: "stays", time: second + 1, duration: 5 * second, aborted: "client"),
        ])
        #expect(changes == ["leaves": "left"])
    }

    @Test("failures of the upstream lower the limits when they would have, and as long")
    func velocity() async throws {
        let limit = #"{ "limit": "60/h" }"#
        try fixture.configure(
            "new.json", #"{ "plugin": "velocity-guard" }"#,
            "{ \"plugin\": \"ip-limiter\", \"config\": \(limit) }")
        let failures = (0..<200).map { number in
            Recorded(
                id: "failed-\(number)", time: Int64(number) * 50_000 + 1000,
                client: "198.51.100.\(number)", status: 503)
        }
        let asked = (0..<100).map { number in
            Recorded(id: "asked-\(number)", time: 12_001_000 + Int64(number) * 1_000_000)
        }

        let proxy = TestProxy()
        try proxy.add(VelocityGuard.self)
        try proxy.add(IPLimiter.self, limit)
        // The replay begins with the first request, and so does what its plugins do every so often.
        var looked: Int64 = 5000
        var now: Int64 = 1000
        func pass(until time: Int64) {
            proxy.time.advance(by: .microseconds(time - now))
            now = time
        }
        proxy.time.advance(by: .microseconds(Recorded.start + now - proxy.time.wall.microseconds))
        var expected: [String: String] = [:]
        for record in failures + asked {
            while looked < record.time {
                pass(until: looked)
                proxy.runPeriodic()
                looked += 500_000
            }
            pass(until: record.time)
            proxy.upstream = UpstreamAnswer(record.status)
            let result = try await proxy.send(peer: record.client)
            if result.status == 429 {
                expected[record.id] = "refuse ip-limiter 429 rate_limit_exceeded"
            }
        }

        // In the mode, and after its early end.
        #expect(expected["asked-30"] != nil && expected["asked-60"] == nil)
        #expect(expected["asked-99"] != nil)
        #expect(try changes(failures + asked) == expected)
    }

    @Test("a budget is charged when a request has ended, with what it has cost")
    func budget() throws {
        for name in ["running.json", "new.json"] {
            let limit = name == "new.json" ? "10.00" : "1000000.00"
            try fixture.configure(
                name, #"{ "plugin": "name-reader" }"#, #"{ "plugin": "cost-reader" }"#,
                "{ \"plugin\": \"budget\", \"config\": { \"limit\": \"\(limit)\", \"per\": \"day\" } }"
            )
        }
        func requests(_ name: String, apart: Int64) -> [Recorded] {
            (0..<15).map { number in
                Recorded(
                    id: "\(name)-\(number)", time: Int64(number) * apart, duration: 1_000_000,
                    identity: name, cost: "1.000000")
            }
        }
        let changes = try changes(
            requests("alice", apart: 2_000_000) + requests("bob", apart: 1000))
        #expect(
            Set(changes.keys)
                == ["alice-10", "alice-11", "alice-12", "alice-13", "alice-14"])
    }

    @Test("a request that was refused and would pass takes as long as others of its route")
    func expectedDuration() throws {
        try fixture.configure(
            "running.json", #"{ "plugin": "ip-limiter", "config": { "limit": "2/d" } }"#)
        try fixture.configure(
            "new.json", #"{ "plugin": "concurrency-limiter", "config": { "limit": 1 } }"#)
        let second: Int64 = 1_000_000
        var records = [
            Recorded(id: "a", time: 0, duration: 2 * second),
            Recorded(id: "b", time: 10 * second, duration: 2 * second),
        ]
        for (id, time) in [("c", 20.0), ("d", 21.9), ("e", 22.1)] {
            records.append(
                Recorded(
                    id: id, time: Int64(time * 1_000_000), duration: 80, status: 429,
                    isSent: false,
                    decisions: [("ip-limiter", "refuse", "rate_limit_exceeded")]))
        }
        #expect(
            try changes(records) == [
                "c": "pass", "d": "refuse concurrency-limiter 503 concurrency_limit", "e": "pass",
            ])
    }

    @Test("a day without a request is a moment")
    func gaps() throws {
        try fixture.configure(
            "new.json", #"{ "plugin": "velocity-guard" }"#,
            #"{ "plugin": "ip-limiter", "config": { "limit": "1/h" } }"#)
        let day: Int64 = 86_400_000_000
        let records = [
            Recorded(id: "a", time: 0), Recorded(id: "b", time: 1),
            Recorded(id: "c", time: day / 20),
            Recorded(id: "d", time: 400 * day), Recorded(id: "e", time: 400 * day + 1),
        ]
        #expect(Set(try changes(records).keys) == ["b", "e"])
    }
}
