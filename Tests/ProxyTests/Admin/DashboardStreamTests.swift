import Foundation
import PluginAPI
import Testing

@testable import Proxy

@Suite("What a dashboard is sent")
struct DashboardStreamTests {
    private let sampled = SampledStore()
    private let status = ServerStatus()
    private let stream: DashboardStream

    init() {
        let unmatched = Route(
            name: "", number: 0, match: RouteMatch(path: "/*"), chain: Chain([]), upstream: nil)
        let generation = Generation(
            number: 1, routes: [], unmatched: unmatched, plugins: [], upstreams: [],
            settings: ServiceSettings())
        status.state = .ready
        stream = DashboardStream(
            generation,
            AdminSources(
                store: sampled.store, status: status,
                sharing: StateSharing(log: .none, metrics: sampled.store),
                connections: ConnectionCount(), workers: [], history: sampled.history,
                time: sampled.time, reload: { .refused(reason: "", findings: []) }))
    }

    private struct Event {
        let name: String
        let data: [String: Any]
    }

    /// The events of the next piece; nil when the stream has ended.
    private func next() async throws -> [Event]? {
        guard let piece = await stream.piece() else { return nil }
        let text = String(decoding: piece, as: UTF8.self)
        try #require(text.hasSuffix("\n\n"))
        return try text.dropLast(2).components(separatedBy: "\n\n").map { event in
            let lines = event.components(separatedBy: "\n")
            try #require(lines.count == 2 && lines[0].hasPrefix("event: "))
            try #require(lines[1].hasPrefix("data: "))
            let data = try JSONSerialization.jsonObject(with: Data(lines[1].dropFirst(6).utf8))
            return Event(
                name: String(lines[0].dropFirst(7)), data: try #require(data as? [String: Any]))
        }
    }

    private func points(_ event: Event?) -> [[String: Any]] {
        event?.data["points"] as? [[String: Any]] ?? []
    }

    @Test("first the ten minutes before, then each second's news")
    func order() async throws {
        sampled.route.count(status: 200)
        sampled.endSecond()
        sampled.endSecond()
        let first = try #require(try await next())
        #expect(first.map(\.name) == ["history", "sample"])
        #expect((first[0].data["times"] as? [Int])?.count == 2)
        let series = try #require(first[0].data["series"] as? [[String: Any]])
        let ok = try #require(
            series.first { ($0["labels"] as? [String: String]) == ["class": "2xx"] })
        #expect(ok["name"] as? String == "requests" && ok["kind"] as? String == "counter")
        #expect(ok["values"] as? [Int] == [1, 0])
        // In which nothing has happened.
        let failed = series.first { ($0["labels"] as? [String: String]) == ["class": "5xx"] }
        #expect((failed?["values"] as? [Any])?.isEmpty == true)
        #expect(points(first[1]).isEmpty)

        sampled.route.count(status: 200)
        sampled.route.count(status: 200)
        sampled.endSecond()
        let second = try #require(try await next())
        #expect(second.map(\.name) == ["sample"])
        let values = points(second.first).first?["values"] as? [String: Any]
        let number = try #require(ok["number"] as? Int)
        #expect(values?[String(number)] as? Int == 2)
        let described = second[0].data["series"] as? [Any]
        #expect(described?.isEmpty == true)
    }

    @Test("a number that appears is described once, when it does")
    func appearing() async throws {
        sampled.endSecond()
        _ = try await next()
        sampled.store.counter("new_total", "N.", labels: [("k", "a\nb\"<c>")]).add(7)
        sampled.endSecond()
        let event = try #require(try await next()?.first)
        let series = try #require(event.data["series"] as? [[String: Any]])
        #expect(series.count == 1 && series.first?["name"] as? String == "new_total")
        #expect(series.first?["labels"] as? [String: String] == ["k": "a\nb\"<c>"])
        let number = try #require(series.first?["number"] as? Int)
        let values = points(event).first?["values"] as? [String: Any]
        #expect(values?[String(number)] as? Int == 7)
        sampled.endSecond()
        let later = try #require(try await next()?.first)
        #expect((later.data["series"] as? [Any])?.isEmpty == true)
    }

    @Test("who has missed some seconds is told all of them, and who has missed all begins anew")
    func missed() async throws {
        sampled.endSecond()
        _ = try await next()
        for _ in 0..<5 { sampled.endSecond() }
        let late = try #require(try await next())
        #expect(late.map(\.name) == ["sample"] && points(late[0]).count == 5)
        for _ in 0...History.capacity { sampled.endSecond() }
        let new = try #require(try await next())
        #expect(new.map(\.name) == ["history", "sample"])
        #expect((new[0].data["times"] as? [Int])?.count == History.capacity)
    }

    @Test("tables are as the metrics have them, and are sent again only when they have changed")
    func tables() async throws {
        let spent = sampled.store.counter(
            "spent_total", "S.", labels: [("model", "m")], decimals: 12)
        spent.add(1)
        sampled.route.count(status: 429)
        let first = try #require(try await next()?.last).data
        let names = ["status", "totals", "metrics", "plugins", "upstreams", "refused", "failed"]
        #expect(names.allSatisfy { first[$0] != nil })
        let metrics = try #require(first["metrics"] as? [[String: Any]])
        #expect(
            metrics.contains {
                $0["name"] as? String == "spent_total" && $0["value"] as? String == "0.000000000001"
                    && $0["labels"] as? [String: String] == ["model": "m"]
            })
        let requests = (first["totals"] as? [String: Any])?["requests"] as? [[String: Any]]
        #expect(requests?.first?["statuses"] as? [String: Int] == ["429": 1])
        #expect((first["status"] as? [String: Any])?["status"] as? String == "ready")

        let second = try #require(try await next()?.last).data
        #expect(names.allSatisfy { second[$0] == nil })
        spent.add(1)
        let third = try #require(try await next()?.last).data
        #expect(names.filter { third[$0] != nil } == ["metrics"])
    }

    @Test("it ends when another configuration is in force")
    func reload() async throws {
        #expect(try await next() != nil)
        status.generation = 2
        #expect(try await next() == nil)
    }
}
