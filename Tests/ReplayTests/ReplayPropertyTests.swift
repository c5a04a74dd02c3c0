import PluginAPI
import PluginTesting
import Plugins
import Testing

@testable import Replay

/// What is replayed is compared with what the same chain decided when it met the same traffic itself.
@Suite("A replay decides as the new configuration would have")
struct ReplayPropertyTests {
    private struct Sent {
        let id: String
        let time: Int64
        let duration: Int64
        let client: String
        let name: String
        let method: String
        let status: Int
    }

    /// A chain of which one plugin needs fields, and limits at random.
    private struct RandomChain {
        let byAddress: String
        let byIdentity: String
        let byMethod: String
        let methodMode: String

        init(_ random: inout SplitMix64) {
            func rate(_ units: [String]) -> String {
                "\"\(Int.random(in: 1...40, using: &random))/\(random.pick(units))\""
            }
            let algorithm = random.pick(["sliding-window", "gcra"])
            byAddress = "{ \"limit\": \(rate(["s", "m", "h"])), \"algorithm\": \"\(algorithm)\" }"
            byIdentity =
                "{ \"key\": \"identity\", \"limit\": [\(rate(["s"])), \(rate(["m"])), \(rate(["d"]))] }"
            byMethod = "{ \"key\": [\"method\", \"address\"], \"limit\": \(rate(["s", "m"])) }"
            methodMode = random.pick(["enforce", "observe"])
        }

        func configure(_ fixture: ReplayFixture, _ name: String) throws {
            try fixture.configure(
                name, "{ \"plugin\": \"name-reader\" }",
                "{ \"plugin\": \"ip-limiter\", \"config\": \(byAddress) }",
                "{ \"plugin\": \"rate-limiter\", \"label\": \"people\", \"config\": \(byIdentity) }",
                "{ \"plugin\": \"rate-limiter\", \"label\": \"methods\", \"mode\": \"\(methodMode)\", \"config\": \(byMethod) }"
            )
        }

        /// Sends all of them, each at its time, and tells what became of each.
        func decide(_ requests: [Sent]) async throws -> [TestResult] {
            let proxy = TestProxy()
            try proxy.add(NameReader.self)
            try proxy.add(IPLimiter.self, byAddress)
            try proxy.add(RateLimiter.self, byIdentity, label: "people")
            try proxy.add(
                RateLimiter.self, byMethod, label: "methods",
                mode: methodMode == "observe" ? .observe : .enforce)
            proxy.time.advance(
                by: .microseconds(Recorded.start - proxy.time.wall.microseconds))
            var results: [TestResult] = []
            for request in requests {
                let now = proxy.time.wall.microseconds - Recorded.start
                proxy.time.advance(by: .microseconds(request.time - now))
                proxy.upstream = UpstreamAnswer(request.status)
                results.append(
                    try await proxy.send(
                        request.method, "/", headers: ["x-name": request.name],
                        peer: request.client))
            }
            return results
        }
    }

    private static func traffic(_ random: inout SplitMix64) -> [Sent] {
        var time: Int64 = 0
        return (0..<Int.random(in: 1...400, using: &random)).map { number in
            time += random.pick([1, 2, 1000, 50_000, 400_000, 3_000_000])
            return Sent(
                id: "id-\(number)", time: time,
                duration: random.pick([0, 900, 70_000, 20_000_000]),
                client: "192.0.2.\(Int.random(in: 1...6, using: &random))",
                name: random.pick(["alice", "bob", "carol", "mallory"]),
                method: random.pick(["GET", "POST"]), status: random.pick([200, 200, 404, 503]))
        }
    }

    @Test("of random traffic, with random limits", arguments: 0..<40)
    func random(seed: Int) async throws {
        var random = SplitMix64(seed: seed)
        let requests = Self.traffic(&random)
        let (running, new) = (RandomChain(&random), RandomChain(&random))
        let fixture = try ReplayFixture()
        try running.configure(fixture, "running.json")
        try new.configure(fixture, "new.json")
        let was = try await running.decide(requests)
        let would = try await new.decide(requests)
        let records = zip(requests, was).map { request, result in
            Recorded(
                id: request.id, time: request.time, duration: request.duration,
                client: request.client,
                identity: request.name == "mallory" ? nil : request.name,
                method: request.method, status: result.status, isSent: result.sent != nil,
                decisions: result.decisions.map { ($0.plugin, $0.kind.rawValue, $0.reason) })
        }
        try fixture.write(records.lines)

        let json = try fixture.replay()

        var expected: [String: String] = [:]
        for (request, (old, new)) in zip(requests, zip(was, would)) {
            let (from, to) = (Self.verdict(old), Self.verdict(new))
            if from != to { expected[request.id] = to }
        }
        #expect(ReplayFixture.changes(json) == expected)
        #expect(json["requests"] as? Int == requests.count)
        let agreement = json["as_recorded"] as? [String: Any]
        #expect(agreement?["requests"] as? Int == requests.count)
        #expect(agreement?["agreed"] as? Int == requests.count)
        #expect(json["late"] as? Int == 0)
    }

    private static func verdict(_ result: TestResult) -> String {
        guard let refusal = result.decisions.first(where: { $0.kind == .refuse }) else {
            return "pass"
        }
        return "refuse \(refusal.plugin) \(result.status) \(refusal.reason)"
    }

    @Test("where requests are under way at once, each for its own time", arguments: 0..<40)
    func concurrency(seed: Int) throws {
        var random = SplitMix64(seed: seed)
        let limit = Int.random(in: 1...8, using: &random)
        var time: Int64 = 0
        let records = (0..<300).map { number in
            time += Int64.random(in: 1...100_000, using: &random)
            return Recorded(
                id: "id-\(number)", time: time,
                duration: Int64.random(in: 1...600_000, using: &random),
                client: "192.0.2.\(Int.random(in: 1...3, using: &random))",
                aborted: random.chance(0.1) ? "client" : nil)
        }
        var expected: [String: String] = [:]
        var running: [String: [Int64]] = [:]
        for record in records {
            let under = running[record.client, default: []].filter { $0 > record.time }
            running[record.client] = under
            if under.count < limit {
                running[record.client]?.append(record.end)
            } else {
                expected[record.id] = "refuse concurrency-limiter 503 concurrency_limit"
            }
        }
        let fixture = try ReplayFixture()
        try fixture.configure("running.json")
        try fixture.configure(
            "new.json",
            "{ \"plugin\": \"concurrency-limiter\", \"config\": { \"key\": \"address\", \"limit\": \(limit) } }"
        )
        try fixture.write(records.lines)

        #expect(ReplayFixture.changes(try fixture.replay()) == expected)
    }
}
