import Dispatch
import PluginAPI
import Synchronization

/// One configuration at work: its routes, chains and upstreams.
///
/// An exchange keeps the generation with which it began, so a reload changes nothing for it. When the
/// last one has ended, the generation goes, and with it its plugins' files and threads.
package final class Generation: Sendable {
    package let number: Int
    package let routes: [Route]
    /// What requests go through that no route is for: the top-level plugins.
    package let unmatched: Route
    /// Every instance once, in the file's order.
    package let plugins: [Chain.Entry]
    package let upstreams: [Upstream]
    package let settings: ServiceSettings
    /// The configuration with its defaults, without what must not be shown.
    package let effective: JSONValue
    /// Nothing is to be stopped before it has been started.
    private let isStopped = Atomic(true)
    /// Those that have started and not yet stopped, of all generations of a server.
    private let running: RunningGenerations

    package init(
        number: Int, routes: [Route], unmatched: Route, plugins: [Chain.Entry],
        upstreams: [Upstream],
        settings: ServiceSettings, effective: JSONValue = .null,
        running: RunningGenerations = RunningGenerations()
    ) {
        self.effective = effective
        self.running = running
        self.number = number
        self.routes = routes
        self.unmatched = unmatched
        self.plugins = plugins
        self.upstreams = upstreams
        self.settings = settings
    }

    /// The first route in the file that is for the request.
    func route(for request: Request) -> Route {
        for route in routes where route.match.matches(request) { return route }
        return unmatched
    }

    /// Starts every plugin; those already started are stopped again when one fails.
    package func start() throws {
        for (index, entry) in plugins.enumerated() {
            do {
                try entry.plugin.start()
            } catch {
                for started in plugins[..<index].reversed() { started.plugin.stop() }
                throw PluginStartError(label: entry.label, underlying: error)
            }
        }
        running.enter()
        isStopped.store(false, ordering: .relaxed)
    }

    /// From now on this is the configuration in force.
    func takeOver(at now: MonotonicTime) {
        for upstream in upstreams { upstream.takeOverHealth(at: now) }
    }

    package func reopen() {
        for entry in plugins { entry.plugin.reopen() }
    }

    /// Ends what its plugins have open: at a drain's end at once, after a reload when the last exchange
    /// has ended. Blocks until they have written out what they hold.
    package func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        Self.stop(plugins)
        running.leave()
    }

    deinit {
        guard !isStopped.load(ordering: .relaxed) else { return }
        // The last exchange ends on an event loop, which must not wait for a disk.
        DispatchQueue.global().async { [plugins, running] in
            Self.stop(plugins)
            running.leave()
        }
    }

    private static func stop(_ plugins: [Chain.Entry]) {
        for entry in plugins.reversed() { entry.plugin.stop() }
    }
}

/// A plugin could not open what it needs.
package struct PluginStartError: Error, CustomStringConvertible {
    package let label: String
    package let underlying: any Error

    package var description: String { "plugin \"\(label)\" could not start: \(underlying)" }
}

/// The limits and timeouts that hold for every request.
package struct ServiceSettings: Sendable {
    package var maximumConnections = 20_000
    package var head = HeadLimits()
    /// In bytes.
    package var requestBody = 100 << 20
    package var requestHeadersTimeout: Duration = .seconds(10)
    package var requestBodyIdleTimeout: Duration = .seconds(30)
    package var keepAliveTimeout: Duration = .seconds(75)
    package var drainTimeout: Duration = .seconds(30)
    /// Whether there is an admin listener, which shows the last requests.
    package var hasAdmin = true
    /// What requests to the admin listener must bring; nil when they need nothing.
    package var adminToken: String?
    /// Nil where nothing is shared with other processes.
    package var state: StateConfiguration?

    package init() {}
}
