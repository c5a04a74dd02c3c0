import PluginAPI

/// Brings spans to a collector, off the request's path. Shared by the instances of one label whose settings are
/// the same, so that what waits to be exported outlives a reload.
final class SpanExporter: Sendable {
    private struct State: Sendable {
        /// Instances that have been started and not stopped.
        var users = 0
        var writer: LineWriter?
    }

    let counters: SpanCounters
    private let makeWriter: @Sendable () -> LineWriter
    private let state = Locked(State())

    /// The longest that a collector which fails is left alone, unless it asks for more.
    private static let longestRetry: Duration = .seconds(30)
    private static let lineCapacity = 4096

    /// - Parameter client: makes one; each is used by one thread.
    init(
        _ configuration: Tracing.Configuration, _ setup: Setup,
        client: @escaping @Sendable () -> any PostClient
    ) {
        let counters = SpanCounters(setup)
        self.counters = counters
        makeWriter = {
            LineWriter(
                CollectorSink(
                    client(), configuration, version: setup.version, failures: counters.failures),
                queue: LineQueue(
                    capacity: configuration.queue, lineCapacity: Self.lineCapacity,
                    urgentCount: configuration.batch),
                flushInterval: configuration.interval, setup: setup, events: .spans,
                counters: counters.lines, longestRetry: Self.longestRetry,
                patience: configuration.timeout)
        }
    }

    /// How many spans wait to be exported.
    var queued: Int { writer?.queued ?? 0 }

    var standing: SinkStanding? { writer?.standing }

    private var writer: LineWriter? { state.withLock { $0.writer } }

    func start() throws {
        let made: LineWriter? = state.withLock { state in
            state.users += 1
            guard state.writer == nil else { return nil }
            state.writer = makeWriter()
            return state.writer
        }
        try made?.start()
    }

    /// The last one to call it waits until what is queued has been exported, as long as a batch may take.
    func stop() {
        let last: LineWriter? = state.withLock { state in
            state.users -= 1
            guard state.users == 0 else { return nil }
            defer { state.writer = nil }
            return state.writer
        }
        last?.stop()
    }

    func export(_ trace: ExchangeTrace, of exchange: Exchange) {
        guard let writer else { return }
        let text = writer.makeLine()
        let count = ExchangeSpans(trace, of: exchange, to: text).write()
        writer.append(text, count: count)
    }

    /// Exports what is queued now, and waits until that has been tried.
    func flush() { writer?.flush() }
}
