import PluginAPI
import Proxy

/// A chain of plugins between a client and an upstream, without a socket, a thread or a clock.
///
///     @Test("a listed path is refused, and the upstream never hears of it")
///     func refuses() async throws {
///         let proxy = TestProxy()
///         try proxy.add(PathBlocker.self, #"{ "paths": ["/admin"] }"#)
///
///         let result = try await proxy.send("GET", "/admin", headers: ["x-team": "a"])
///
///         #expect(result.status == 403)
///         #expect(result.reason == "blocked_path")
///         #expect(result.sent == nil)
///     }
///
/// Plugins are made as from plugins.json and run in the phases' order; what the proxy does beside
/// them (routes, Via, X-Forwarded-For, limits on sizes) is not there. To call one hook by hand, use
/// what `add` returns with `TestRequest(…).exchange()`.
public final class TestProxy {
    /// The clock of all plugins; `time.advance(by: .seconds(60))` is a minute.
    public let time: ManualTime
    public let log = RecordedLog()
    public let metrics = RecordedMetrics()
    /// What the upstream answers from now on.
    public var upstream = UpstreamAnswer()

    private let folder: String
    let state: StateStore
    private let keptObjects: KeptObjects
    private(set) var chain: [Entry] = []

    public enum Mode: Sendable {
        case enforce
        /// What the plugin would refuse or answer is recorded and let through.
        case observe
    }

    struct Entry {
        let label: String
        let mode: Mode
        let plugin: any Plugin
    }

    /// - Parameters:
    ///   - folder: where relative paths in configurations lead.
    ///   - replica: another proxy, whose clock and state this one shares.
    public init(folder: String = "/nonexistent", replicaOf other: TestProxy? = nil) {
        self.folder = folder
        time = other?.time ?? ManualTime()
        state = other?.state ?? StateStore(time: time)
        keptObjects = KeptObjects()
    }

    /// The same process after a reload: with a chain of its own, and with the clock, the state and whatever
    /// else outlives a reload.
    public init(reloading other: TestProxy) {
        folder = other.folder
        time = other.time
        state = other.state
        keptObjects = other.keptObjects
    }

    /// What a plugin's instance is given to run with.
    public func setup(label: String, mode: Mode = .enforce) -> Setup {
        var setup = Setup(
            label: label, folder: folder, time: time, log: log.log, metrics: metrics, state: state)
        setup.isObserved = mode == .observe
        setup.keptObjects = keptObjects
        setup.version = Version.number
        setup.makePostClient = { BlockingClient($0) }
        return setup
    }

    /// Adds a plugin to the end of the chain, as an entry of plugins.json would. It is made and not
    /// started: call `start` and `stop` on what is returned where they matter.
    /// - Parameters:
    ///   - config: what stands under `config`.
    ///   - label: the plugin's name unless told.
    /// - Throws: `ConfigurationError`, with the text that `sluice check` would show.
    @discardableResult
    public func add<Made: Plugin>(
        _ type: Made.Type, _ config: String = "{}", label: String? = nil, mode: Mode = .enforce
    ) throws -> Made {
        let label = label ?? Made.name
        let plugin = try Made.made(from: config, setup(label: label, mode: mode))
        add(plugin, label: label, mode: mode)
        return plugin
    }

    /// Does what plugins do every so often (`PeriodicPhase`), once; advance the time before.
    public func runPeriodic() {
        for entry in chain { (entry.plugin as? any PeriodicPhase)?.periodic(state) }
    }

    /// Adds an instance that has been made otherwise.
    public func add<Made: Plugin>(_ plugin: Made, label: String? = nil, mode: Mode = .enforce) {
        chain.append(Entry(label: label ?? Made.name, mode: mode, plugin: plugin))
    }

    /// Sends a request through the chain, and waits for its end.
    /// - Parameter peer: an address, or `unix`.
    public func send(
        _ method: String = "GET", _ target: String = "/",
        headers: KeyValuePairs<String, String> = [:], body: BodyRuns = "",
        peer: String = "192.0.2.1"
    ) async throws -> TestResult {
        try await send(TestRequest(method, target, headers: headers, body: body, peer: peer))
    }

    /// Sends a request through the chain, and waits for its end.
    public func send(_ request: TestRequest) async throws -> TestResult {
        let run = ChainRun(request, chain, upstream, time, state)
        await run.decide()
        return try run.end()
    }

    /// Lets a request begin, for tests of several at once. What the upstream is to answer is settled now.
    public func begin(
        _ method: String = "GET", _ target: String = "/",
        headers: KeyValuePairs<String, String> = [:], body: BodyRuns = "",
        peer: String = "192.0.2.1"
    ) -> RunningRequest {
        let request = TestRequest(method, target, headers: headers, body: body, peer: peer)
        return RunningRequest(ChainRun(request, chain, upstream, time, state))
    }
}
