import Foundation
import PluginAPI
import Testing

@testable import Proxy

/// A server in this process, with plugins of the test's making, for as long as the test holds it.
///
/// Then it drains, and what holds of every exchange must have held of each.
final class RunningProxy {
    let stage: Stage
    let log: Watched<[LogLine]>
    /// What its plugins keep.
    let state: StateStore
    private let server: Server
    /// Whether `drain` has returned.
    private let hasDrained = Watched(false)
    private var hasStarted = false
    private var isDraining = false
    private let place: SourceLocation

    struct LogLine: Sendable, Equatable {
        let level: Log.Level
        let event: String
        let fields: [String: String]
    }

    private static let registry = PluginRegistry([
        Probe.self, WaitingProbe.self, WholeProbe.self, ThoroughProbe.self, BriefProbe.self,
        CountingProbe.self,
    ])

    init(_ file: ProxyFile, at place: SourceLocation = #_sourceLocation) throws {
        self.place = place
        let stage = Stage(file)
        let state = StateStore()
        self.state = state
        let lines = Watched<[LogLine]>([])
        let log = Log(level: .debug) { level, event, fields in
            let fields = Dictionary(fields) { first, _ in first }
            lines.change { $0.append(LogLine(level: level, event: event, fields: fields)) }
        }
        let loader = ConfigurationLoader(registry: Self.registry, environment: [:]) {
            label, folder in
            Setup(
                label: label, folder: folder, time: SystemTime(), log: log.with(("plugin", label)),
                metrics: stage, state: state)
        }
        let load = {
            loader.load(
                bytes: Array(stage.file.current.text.utf8), name: "plugins.json", folder: "/nowhere"
            )
        }
        let result = load()
        guard let configuration = result.configuration else {
            throw Failure(result.diagnostics.map(\.description).joined(separator: "\n"))
        }
        self.stage = stage
        self.log = lines
        server = Server(configuration, log: log, store: stage.store, state: state, load: load)
        try server.start()
        hasStarted = true
    }

    // MARK: - Its listeners

    var port: UInt16 {
        guard case .tcp(_, _, let port) = server.addresses[0] else { return 0 }
        return port
    }

    var adminPort: UInt16 {
        let line = log.current.last { $0.event == "admin listening" }
        return line?.fields["address"]?.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }

    func connect() throws -> RawClient { try RawClient(port) }

    /// One request on a connection of its own, and its answer.
    func ask(_ line: String = "GET /", _ fields: [String] = [], _ body: String? = nil) throws
        -> SeenAnswer
    {
        try connect().ask(line, fields, body)
    }

    /// What `/upstreams` says of each target: its state, and its failures.
    func targets() throws -> [(state: String, failures: Int, inFlight: Int)] {
        let body = try RawClient(adminPort).ask("GET /upstreams").text
        let page = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let upstreams = page?["upstreams"] as? [[String: Any]]
        let targets = upstreams?.first?["targets"] as? [[String: Any]] ?? []
        return targets.map {
            (
                $0["state"] as? String ?? "", $0["failures"] as? Int ?? -1,
                $0["requests_in_flight"] as? Int ?? -1
            )
        }
    }

    // MARK: - Its life

    func reload(_ file: ProxyFile) {
        stage.file.change { $0 = file }
        server.reload()
    }

    /// Begins to drain, on another thread, and waits until every loop does.
    func beginDrain() throws {
        isDraining = true
        nonisolated(unsafe) let server = server
        Thread.detachNewThread { [hasDrained] in
            server.drain()
            hasDrained.change { $0 = true }
        }
        // Each loop closes its listener, so the port is closed when the last one has.
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? connect()) != nil {
            guard ContinuousClock.now < deadline else { throw Failure("the drain does not begin") }
        }
    }

    func drain() throws {
        if !isDraining { try beginDrain() }
        try hasDrained.wait(for: "the drain's end") { $0 }
    }

    var drained: Watched<Bool> { hasDrained }

    deinit {
        guard hasStarted else { return }
        do { try drain() } catch { Issue.record(error, sourceLocation: place) }
        for account in stage.accounts.current {
            #expect(account.violations == [], sourceLocation: place)
        }
        let workers = stage.store.contents.withLock { $0.workers }
        let started = workers.reduce(0) { $0 + $1.requestsStarted.value }
        let ended = workers.reduce(0) { $0 + $1.requestsEnded.value }
        #expect(started == ended, "requests that began and did not end", sourceLocation: place)
    }
}
