import Glibc
import PluginAPI

/// One event loop with everything that it serves: listeners, connections, transfers, counters.
///
/// All of it is used on the loop's thread only. Workers share nothing on a request's path.
final class Worker: TurnParticipant, @unchecked Sendable {
    let loop: EventLoop
    let number: Int
    let log: Log
    let metrics: WorkerMetrics
    let transport: any Transport
    let state: StateClient
    private let store: MetricsStore
    private let connectionCount: ConnectionCount
    private let workers: Int

    private(set) var service: WorkerService!
    private(set) var settings = ServiceSettings()
    private let status: ServerStatus
    /// As soon as the server says so, before the loop has come to it: no answer invites another request.
    var isDraining: Bool { status.state == .draining }
    /// Called when a drain has left nothing under way.
    private var drained: (() -> Void)?

    private var listeners: [Listener] = []
    /// By descriptor.
    private var connections: ContiguousArray<ClientConnection?> = []
    private var openConnections = 0
    private var noted: ContiguousArray<ClientConnection> = []
    private var idleRuns: ContiguousArray<ExchangeRun> = []
    private var endedRuns: ContiguousArray<ExchangeRun> = []
    /// Those whose clients are gone, while their upstreams' answers are still read.
    private var detachedRuns: ContiguousArray<ExchangeRun> = []
    /// Stands in for upstreams where requests are only tried.
    var dryRun: DryRunObserver?
    /// The last ones that have ended.
    var requests = RequestLog()
    private var dateField = DateField()
    /// Of the first worker only, so that nothing runs twice at once.
    private var periodicRuns: [PeriodicRun] = []
    private var healthChecks: [HealthCheck] = []

    private var knownRoutes: [MetricsStore.RouteKey: RouteMetrics] = [:]
    private var knownPlugins: [String: PluginMetrics] = [:]
    private var reportedDescriptors = MonotonicTime(nanoseconds: 0)

    /// How many finished exchanges keep their memory for the next.
    private static let idleRunLimit = 1024

    init(
        number: Int, workers: Int, log: Log, store: MetricsStore, state: StateStore,
        sharing: StateSharing,
        status: ServerStatus,
        connectionCount: ConnectionCount, time: any TimeSource,
        transport: (any Transport)? = nil
    ) throws {
        self.status = status
        self.number = number
        self.workers = workers
        self.log = log
        self.store = store
        self.connectionCount = connectionCount
        Ticks.prepare()
        loop = try EventLoop(time: time)
        metrics = store.makeWorker()
        self.transport = transport ?? UpstreamTransports(loop: loop)
        self.state = StateClient(state, sharing, loop, worker: number)
        loop.addParticipant(self)
        if number == 0 {
            let sweep = PeriodicRun(every: .seconds(1), for: state, on: self) { state.sweep() }
            var memory = MemoryReturn(store)
            let look = PeriodicRun(every: MemoryReturn.interval, for: state, on: self) {
                memory.look()
            }
            periodicRuns += [sweep, look]
        }
    }

    // MARK: - Configuration

    /// Serves new requests with this generation. On the loop's thread, or before it runs.
    func use(_ generation: Generation) {
        let old = service?.generation
        settings = generation.settings
        service = WorkerService(generation, worker: self, workers: workers)
        // The admin listener decides nothing.
        if number < workers { state.use(settings.state) }
        if number == 0 {
            runPeriodically(generation)
            stopHealthChecks()
            healthChecks = HealthCheck.all(of: generation.upstreams, loop, transport)
        }
        for upstream in old?.upstreams ?? [] {
            for target in upstream.targets { transport.retire(target) }
        }
    }

    private func runPeriodically(_ generation: Generation) {
        for entry in generation.plugins {
            guard let plugin = entry.plugin as? any PeriodicPhase else { continue }
            let run = PeriodicRun(every: plugin.interval, for: generation, on: self) {
                [state] in plugin.periodic(state)
            }
            periodicRuns.append(run)
        }
    }

    private func stopHealthChecks() {
        for check in healthChecks { check.cancel() }
        healthChecks = []
    }

    /// Samples the process's numbers once a second, for as long as the history exists.
    func keep(_ history: History, of store: MetricsStore, _ connections: ConnectionCount) {
        let run = PeriodicRun(every: .seconds(1), for: history, on: self) {
            [unowned history, loop] in
            history.sample(
                store.contents.withLock { $0 }, connections: connections.value, at: loop.now,
                wall: loop.wall)
        }
        periodicRuns.append(run)
    }

    /// One whose generation serves no more.
    func ended(_ run: PeriodicRun) { periodicRuns.removeAll { $0 === run } }

    func listen(_ descriptor: Int32, at address: ListenAddress, _ endpoint: Endpoint) {
        listeners.append(Listener(descriptor, address, endpoint, self))
    }

    func routeMetrics(for route: Route) -> RouteMetrics {
        let key = MetricsStore.RouteKey(route: route.name, upstream: route.upstream?.name ?? "")
        if let known = knownRoutes[key] { return known }
        let made = store.makeRoute(key)
        knownRoutes[key] = made
        return made
    }

    func pluginMetrics(for label: String) -> PluginMetrics {
        if let known = knownPlugins[label] { return known }
        let made = store.makePlugin(label: label)
        knownPlugins[label] = made
        return made
    }

    // MARK: - Connections

    func accepted(_ descriptor: Int32, _ peer: Peer, _ endpoint: Endpoint) {
        if case .proxy = endpoint.service,
            !connectionCount.enter(limit: settings.maximumConnections)
        {
            metrics.connectionsRefused.add()
            Overload.answer(descriptor, at: loop.wall)
            return
        }
        if peer != .local {
            var on: Int32 = 1
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on,
                socklen_t(MemoryLayout<Int32>.size))
        }
        let connection = ClientConnection(descriptor, peer: peer, endpoint: endpoint, worker: self)
        while connections.count <= Int(descriptor) { connections.append(nil) }
        connections[Int(descriptor)] = connection
        openConnections += 1
        metrics.connectionsOpened.add()
        connection.open()
    }

    func closed(_ connection: ClientConnection, _ descriptor: Int32) {
        connections[Int(descriptor)] = nil
        openConnections -= 1
        metrics.connectionsClosed.add()
        if case .proxy = connection.endpoint.service { connectionCount.leave() }
        reportIfDrained()
    }

    /// The process may open no more descriptors: said once in a while, not once a connection.
    func descriptorsAreOut() {
        guard loop.now - reportedDescriptors > .seconds(10) else { return }
        reportedDescriptors = loop.now
        log(
            .error,
            "no descriptor is left for a new connection; raise the limit of open files (ulimit -n)")
    }

    // MARK: - Exchanges

    func takeExchange() -> ExchangeRun { idleRuns.popLast() ?? ExchangeRun(self) }

    /// Takes one back that has ended. One whose task is still under way comes back again with it.
    ///
    /// It is reset at the end of a later round only: its own functions may still be on the stack, and
    /// libcurl reads a cancelled request's body until the transport has carried the cancelling out.
    func recycle(_ run: ExchangeRun) {
        guard run.isReusable else {
            run.isReleased = true
            return
        }
        endedRuns.append(run)
    }

    /// Its client is gone; it goes on without.
    func detached(_ run: ExchangeRun) { detachedRuns.append(run) }

    func detachedEnded(_ run: ExchangeRun) {
        detachedRuns.removeAll { $0 === run }
        recycle(run)
        reportIfDrained()
    }

    private func resetEndedRuns() {
        for run in endedRuns {
            run.reset()
            if idleRuns.count < Self.idleRunLimit { idleRuns.append(run) }
        }
        endedRuns.removeAll(keepingCapacity: true)
    }

    /// Those under way at this moment, without the admin listener's.
    var runningRequests: [SeenRequest] {
        (connections.compactMap { $0?.exchange } + detachedRuns).compactMap(\.seen)
    }

    var date: DateField {
        dateField.update(loop.wall)
        return dateField
    }

    // MARK: - The turn

    /// Sees to a connection at the turn's end.
    func note(_ connection: ClientConnection) {
        noted.append(connection)
    }

    func turnEnded() -> Bool {
        // The transport, which was added to the loop first, has done its part of this round.
        resetEndedRuns()
        guard !noted.isEmpty else { return false }
        var index = 0
        // By index: seeing to one may note others.
        while index < noted.count {
            noted[index].carryOut()
            index += 1
        }
        noted.removeAll(keepingCapacity: true)
        return true
    }

    // MARK: - The end

    /// Lets go of every configuration. When the loop has stopped.
    func release() {
        resetEndedRuns()
        idleRuns = []
        service = nil
        state.close()
        for run in periodicRuns { run.cancel() }
        periodicRuns = []
        healthChecks = []
    }

    /// Leaves new connections to another process that listens at the same addresses.
    func divert(own: Int, others: [ListenAddress: Int]) {
        for listener in listeners {
            guard let count = others[listener.address], count > 0 else { continue }
            listener.divert(own: own, others: count)
        }
    }

    /// Takes no more connections, and ends each one after the answer at hand.
    func drain(_ whenDone: @escaping () -> Void) {
        for listener in listeners { listener.close() }
        listeners = []
        stopHealthChecks()
        drained = whenDone
        for connection in connections { connection?.drain() }
        reportIfDrained()
    }

    private func reportIfDrained() {
        guard openConnections == 0, detachedRuns.isEmpty, let drained else { return }
        self.drained = nil
        drained()
    }

    /// Breaks off what the drain's time has not sufficed for.
    func terminate() {
        for connection in connections { connection?.terminate() }
        for run in detachedRuns { run.terminated() }
    }
}
