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

    @Test("failures of the upstream lower the limits, for as long as they do")
    func velocity() throws {
        try fixture.configure(
            "new.json", #"{ "plugin": "velocity-guard", "config": { "cooldown": "180s" } }"#,
            #"{ "plugin": "ip-limiter", "config": { "limit": "60/h" } }"#)
        let failures = (0..<200).map { number in
            Recorded(
                id: "failed-\(number)", time: Int64(number) * 50_000, duration: 10_000,
                client: "198.51.100.\(number)", status: 503)
        }
        // One every second, from well within velocity mode on.
        let asked = (0..<100).map { number in
            Recorded(
                id: "asked-\(number)", time: 12_000_000 + Int64(number) * 1_000_000,
                duration: 10_000, client: "192.0.2.1")
        }
        let changes = try changes(failures + asked)
        // In the mode half of the limit holds; it ends early, once the failures are a minute old.
        for number in 30...50 { #expect(changes["asked-\(number)"] != nil, "\(number)") }
        for number in [29, 60, 80] { #expect(changes["asked-\(number)"] == nil, "\(number)") }
        #expect(changes.count == 40)
        #expect(changes.keys.allSatisfy { $0.hasPrefix("asked") })
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
            Recorded(id: "c", time: day / 4),
            Recorded(id: "d", time: 400 * day), Recorded(id: "e", time: 400 * day + 1),
        ]
        #expect(Set(try changes(records).keys) == ["b", "e"])
    }
}
