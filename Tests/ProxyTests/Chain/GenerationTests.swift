import PluginAPI
import Testing

@testable import Proxy

@Suite("A generation of the configuration", .timeLimit(.minutes(5)))
struct GenerationTests {
    private func generation(_ routes: [(String, RouteMatch)] = [], plugins: [any Plugin] = [])
        -> Generation
    {
        let entries = plugins.enumerated().map { number, plugin in
            Chain.Entry(label: "p\(number)", mode: .enforce, plugin: plugin, number: number)
        }
        let chain = Chain(entries)
        return Generation(
            number: 1,
            routes: routes.enumerated().map { number, route in
                Route(name: route.0, number: number, match: route.1, chain: chain, upstream: nil)
            },
            unmatched: Route(
                name: "", number: routes.count, match: RouteMatch(path: "/*"), chain: chain,
                upstream: nil),
            plugins: entries, upstreams: [], settings: ServiceSettings())
    }

    @Test(
        "the first route in the file wins",
        arguments: [
            ("GET /a/b", "exact"), ("POST /a/b", "posts"), ("GET /a/c", "prefix"),
            ("GET /x", ""), ("OPTIONS *", ""),
        ])
    func firstWins(_ line: String, _ name: String) throws {
        let generation = generation([
            ("posts", RouteMatch(methods: ["POST"], path: "/*")),
            ("exact", RouteMatch(path: "/a/b")), ("prefix", RouteMatch(path: "/a/*")),
            ("never", RouteMatch(path: "/a/c")),
        ])
        let request = try Request.parsed(line, [Field("Host", "a")])
        #expect(generation.route(for: request).name == name)
    }

    @Test("plugins start in the file's order and stop in the other, once")
    func startAndStop() throws {
        let events = Watched<[String]>([])
        let generation = generation(plugins: [
            Witness("a", events), Witness("b", events), Witness("c", events),
        ])
        try generation.start()
        generation.reopen()
        generation.stop()
        generation.stop()
        #expect(
            events.current == [
                "start a", "start b", "start c", "reopen a", "reopen b", "reopen c", "stop c",
                "stop b", "stop a",
            ])
    }

    @Test("when one does not start, those that did are stopped and the error names it")
    func startFails() {
        let events = Watched<[String]>([])
        let generation = generation(plugins: [
            Witness("a", events), Witness("b", events), Witness("c", events, fails: true),
            Witness("d", events),
        ])
        let error = #expect(throws: PluginStartError.self) { try generation.start() }
        #expect(error?.description == "plugin \"p2\" could not start: c cannot")
        #expect(events.current == ["start a", "start b", "start c", "stop b", "stop a"])
    }

    @Test("plugins of one that did not start are not stopped again when it goes")
    func notStoppedTwice() throws {
        let (events, queue) = (Watched<[String]>([]), Watched<[String]>([]))
        do {
            let failed = generation(plugins: [
                Witness("a", events), Witness("b", events, fails: true),
            ])
            #expect(throws: PluginStartError.self) { try failed.start() }
        }
        do {
            // What goes later is stopped later.
            let other = generation(plugins: [Witness("x", queue)])
            try other.start()
        }
        try queue.wait(for: "the other's stop") { $0.contains("stop x") }
        #expect(events.current == ["start a", "start b", "stop a"])
    }

    @Test("when its last user has gone its plugins are stopped, elsewhere")
    func goes() throws {
        let events = Watched<[String]>([])
        var generation: Generation? = generation(plugins: [
            Witness("a", events), Witness("b", events),
        ])
        try generation!.start()
        generation = nil
        try events.wait(for: "the stops") { $0.suffix(2) == ["stop b", "stop a"] }
    }
}

/// Writes down what becomes of it.
private struct Witness: Plugin {
    struct Configuration: PluginConfiguration {}
    static let name = "witness"
    private let id: String
    private let events: Watched<[String]>
    private let fails: Bool

    init(_ id: String, _ events: Watched<[String]>, fails: Bool = false) {
        (self.id, self.events, self.fails) = (id, events, fails)
    }

    init(_ configuration: Configuration, _ setup: Setup) { self.init("", Watched([])) }

    func start() throws {
        events.change { $0.append("start \(id)") }
        if fails { throw Failure("\(id) cannot") }
    }
    func reopen() { events.change { $0.append("reopen \(id)") } }
    func stop() { events.change { $0.append("stop \(id)") } }
}
