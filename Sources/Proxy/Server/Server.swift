import Dispatch
import Glibc
import PluginAPI
import Synchronization

/// The running proxy: its workers, its listeners and the configuration in force.
///
/// It is used from one thread, the process's main one; what workers are to do is handed to their loops.
package final class Server {
    private let load: () -> ConfigurationLoader.Result
    private let log: Log
    private let store: MetricsStore
    private let state: StateStore
    private let sharing: StateSharing
    private let reporter: HealthReporter
    private let status: ServerStatus
    private let reloadRequests: ReloadRequests
    private let connectionCount = ConnectionCount()
    private let time = SystemTime()
    private var configuration: ServerConfiguration
    /// The configuration whose addresses and workers are in force.
    private let initial: ServerConfiguration
    private var generation: Generation
    private var workers: [Worker] = []
    private var admin: Worker?
    /// Those that are not in force any more; each goes with its last exchange.
    private var earlier: [Earlier] = []
    private let stopped = DispatchGroup()

    private struct Earlier {
        weak var generation: Generation?
    }
    /// The generations whose plugins run: an old one until its last exchange has ended.
    private let running = RunningGenerations()

    /// Where it listens, once it does; with the port that the kernel chose for port 0.
    package private(set) var addresses: [ListenAddress] = []

    /// - Parameters:
    ///   - configuration: what to begin with.
    ///   - requestReload: makes the thread that this is used from call `reload`. Any thread calls it.
    ///   - load: reads the configuration anew, for a reload.
    package init(
        _ configuration: ServerConfiguration, log: Log, store: MetricsStore, state: StateStore,
        requestReload: @escaping @Sendable () -> Void = {},
        load: @escaping () -> ConfigurationLoader.Result
    ) {
        reloadRequests = ReloadRequests(wake: requestReload)
        self.configuration = configuration
        initial = configuration
        self.load = load
        self.log = log
        self.store = store
        self.state = state
        sharing = StateSharing(log: log, metrics: store)
        status = ServerStatus()
        reporter = HealthReporter(log: log, metrics: store)
        generation = Generation(configuration, number: 1, running: running, reporter: reporter)
        store.gauge(
            "configurations",
            "Configurations at work: the one in force, and earlier ones that still have exchanges.",
            labels: []
        ) { [running] in Double(running.count) }
        store.show(configuration.gauges)
    }

    // MARK: - Starting

    /// Starts plugins, opens the listeners and lets the workers run.
    /// - Throws: `PluginStartError`, `ListenError`, `SystemError`.
    package func start() throws {
        Self.raiseDescriptorLimit()
        try generation.start()
        do {
            try open()
        } catch {
            generation.stop()
            throw error
        }
        for worker in everyWorker { run(worker) }
        awaitState()
        status.state = .ready
        for address in addresses { log(.info, "listening", [("address", address.description)]) }
    }

    private func open() throws {
        let count =
            configuration.workers > 0
            ? configuration.workers : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        for number in 0..<count { workers.append(try makeWorker(number, of: count)) }
        for listener in configuration.listeners {
            let endpoint = Endpoint(.proxy, proxyProtocol: listener.proxyProtocol)
            addresses.append(try listen(listener.address, endpoint, workers))
        }
        if let address = configuration.admin {
            let worker = try makeWorker(count, of: count)
            let history = History(at: time.monotonic, wall: time.wall)
            let service = AdminService(
                AdminSources(
                    store: store, status: status, sharing: sharing, connections: connectionCount,
                    workers: workers, history: history, time: time,
                    reload: { [reloadRequests] in await reloadRequests.reload() }))
            worker.keep(history, of: store, connectionCount)
            let bound = try listen(address, Endpoint(.admin(service)), [worker])
            admin = worker
            log(.info, "admin listening", [("address", bound.description)])
        }
    }

    /// Waits until it is known whether Redis answers, so that the first requests are counted there too.
    private func awaitState() {
        let settled = DispatchGroup()
        for worker in workers {
            settled.enter()
            worker.loop.submit { worker.state.settle { settled.leave() } }
        }
        _ = settled.wait(timeout: .now() + .seconds(2))
    }

    private func makeWorker(_ number: Int, of count: Int) throws -> Worker {
        let worker = try Worker(
            number: number, workers: count, log: log, store: store, state: state, sharing: sharing,
            status: status,
            connectionCount: connectionCount,
            time: time)
        worker.use(generation)
        return worker
    }

    /// Each worker gets a socket of its own, among which the kernel shares out connections. A unix
    /// socket exists once, and the workers share it.
    private func listen(_ address: ListenAddress, _ endpoint: Endpoint, _ workers: [Worker]) throws
        -> ListenAddress
    {
        do {
            var bound = address
            for (index, worker) in workers.enumerated() {
                if case .unix = address, index > 0 {
                    worker.listen(dup(shared), at: bound, endpoint)
                    continue
                }
                let descriptor = try bound.listen()
                shared = descriptor
                bound = bound.bound(descriptor)
                worker.listen(descriptor, at: bound, endpoint)
            }
            return bound
        } catch let error as SystemError {
            throw ListenError(address: address, underlying: error)
        }
    }

    private var shared: Int32 = -1
    private var everyWorker: [Worker] { workers + [admin].compactMap { $0 } }

    private func run(_ worker: Worker) {
        stopped.enter()
        let group = stopped
        WorkerThread.start(name: "worker-\(worker.number)") {
            worker.loop.run()
            group.leave()
        }
    }

    /// Each connection takes a descriptor or two; the soft limit is often 1024.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: - Reload

    /// Reads the configuration anew. What is wrong with it is logged and the old one stays; a good one
    /// serves every request that begins from now on.
    package func reload() { reloadRequests.serve(reloadNow) }

    private func reloadNow() -> ReloadResult {
        generation.reopen()
        let result = load()
        for diagnostic in result.diagnostics { log(diagnostic) }
        guard let new = result.configuration else {
            return refuseReload("the file has errors", result.diagnostics)
        }
        let next = Generation(
            new, number: generation.number + 1, running: running, after: generation,
            reporter: reporter)
        do {
            try next.start()
        } catch {
            return refuseReload("\(error)", result.diagnostics)
        }
        let unchanged = keysThatStay(new)
        if !unchanged.isEmpty {
            log(
                .warning, "listen, admin and workers change with a restart only; the old ones stay",
                [("changed", unchanged.joined(separator: ", "))])
        }
        let changes = ConfigurationChange.between(configuration.effective, new.effective)
        configuration = new
        earlier.removeAll { $0.generation == nil }
        earlier.append(Earlier(generation: generation))
        generation = next
        next.takeOver(at: time.monotonic)
        store.show(new.gauges)
        // When this returns, every request that begins is served by the new one.
        let taken = DispatchGroup()
        for worker in everyWorker {
            taken.enter()
            worker.loop.submit {
                worker.use(next)
                taken.leave()
            }
        }
        taken.wait()
        status.generation = next.number
        countReload("ok")
        log(
            .info, "configuration reloaded",
            [("generation", String(next.number)), ("changes", String(changes.count))])
        report(changes)
        return .taken(
            generation: next.number, warnings: result.diagnostics, changes: changes,
            needRestart: unchanged)
    }

    /// The keys of a new configuration that only a new process can follow.
    private func keysThatStay(_ new: ServerConfiguration) -> [String] {
        [
            ("listen", new.listeners != initial.listeners), ("admin", new.admin != initial.admin),
            ("workers", new.workers != initial.workers),
        ].filter(\.1).map(\.0)
    }

    /// One line each: who reads the log at night sees what was done.
    private func report(_ changes: [ConfigurationChange]) {
        for change in changes.prefix(Self.reportedChanges) {
            log(
                .info, "configuration changed",
                [
                    ("path", change.path), ("from", change.from?.abbreviated ?? "nothing"),
                    ("to", change.to?.abbreviated ?? "nothing"),
                ])
        }
    }

    private static let reportedChanges = 50

    private func refuseReload(_ reason: String, _ findings: [Diagnostic]) -> ReloadResult {
        countReload("refused")
        log(.error, "reload refused, the old configuration stays", [("reason", reason)])
        return .refused(reason: reason, findings: findings)
    }

    private func countReload(_ result: String) {
        store.counter(
            "config_reloads_total", "Reloads of the configuration.", labels: [("result", result)]
        ).add()
    }

    // MARK: - The end

    /// Takes no new connections and waits for what is in flight, up to `timeouts.drain`; then breaks
    /// off the rest. Returns when everything is written out.
    package func drain() {
        status.state = .draining
        log(.info, "draining", [("timeout", "\(configuration.timeouts.drain)")])
        handOver()
        let drained = DispatchGroup()
        for worker in workers {
            drained.enter()
            worker.loop.submit { worker.drain { drained.leave() } }
        }
        let limit = Int(configuration.timeouts.drain.nanoseconds)
        if drained.wait(timeout: .now() + .nanoseconds(limit)) == .timedOut {
            log(.warning, "the drain's time is over, open exchanges are broken off")
            for worker in workers { worker.loop.submit { worker.terminate() } }
            drained.wait()
        }
        for worker in everyWorker { worker.loop.stop() }
        stopped.wait()
        generation.stop()
        for worker in everyWorker { worker.release() }
        // One that a suspended hook still holds has served its last request all the same.
        for earlier in earlier { earlier.generation?.stop() }
        if !running.waitForAll(.seconds(10)) {
            log(
                .error,
                "a plugin of an earlier configuration does not stop; what it holds may be lost")
        }
        removeSockets()
        log(.info, "stopped")
    }

    /// Where another process listens at the same addresses, new connections are left to it before this one
    /// stops listening: those that had got half-way here would be reset.
    private func handOver() {
        let others = OtherListeners.counts(at: addresses, own: workers.count)
        guard !others.isEmpty else { return }
        log(.info, "another process listens here and takes over")
        let diverted = DispatchGroup()
        for worker in workers {
            diverted.enter()
            worker.loop.submit { [count = workers.count] in
                worker.divert(own: count, others: others)
                diverted.leave()
            }
        }
        diverted.wait()
        usleep(UInt32(Self.handOverTime.nanoseconds / 1000))
    }

    /// In which a connection that has begun to be made here comes to its end: a few round trips.
    private static let handOverTime = Duration.milliseconds(300)

    private func removeSockets() {
        for case .unix(let path) in addresses + [initial.admin].compactMap({ $0 }) { unlink(path) }
    }
}

/// An address that cannot be listened at.
package struct ListenError: Error, CustomStringConvertible {
    package let address: ListenAddress
    package let underlying: SystemError

    package var description: String { "cannot listen at \(address): \(underlying)" }
}
