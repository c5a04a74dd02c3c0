import PluginAPI

@testable import Proxy

/// The implementations of shared state. Every test of the seam runs with each.
enum StateKind: CaseIterable, Sendable {
    case memory, redis
}

/// What one process has of shared state: a store, and a client on a loop of its own.
final class RunningState: @unchecked Sendable {
    let store: StateStore
    let sharing: StateSharing
    let metrics = MetricsStore()
    let log = Watched<[String]>([])
    let thread: LoopThread
    let table: any StateTable
    /// Used on the loop only.
    private var client: StateClient!

    /// - Parameter address: of the Redis that shares it; nil keeps it in memory.
    init(
        _ address: RedisAddress? = nil, policy: UnavailableStatePolicy = .local,
        timeout: Duration = .seconds(8), program: any StateProgram = CountProgram(lifetime: 6e7),
        time: any TimeSource = SystemTime()
    ) throws {
        let lines = log
        let log = Log(level: .info) { _, event, _ in lines.change { $0.append(event) } }
        store = StateStore(time: time)
        sharing = StateSharing(log: log, metrics: metrics)
        table = store.table("test", program, maximumKeys: 1000)
        thread = try LoopThread(time)
        let isSettled = Watched(false)
        try thread.perform { [self] in
            client = StateClient(store, sharing, thread.loop, worker: 0)
            client.use(
                address.map {
                    StateConfiguration(
                        redis: $0, prefix: "sluice:", timeout: timeout, whenUnavailable: policy)
                })
            client.settle { isSettled.change { $0 = true } }
        }
        try isSettled.wait(for: "the state to be settled") { $0 }
    }

    convenience init(_ kind: StateKind, _ server: RedisServer) throws {
        try self.init(kind == .redis ? server.address() : nil)
    }

    deinit {
        nonisolated(unsafe) var client = client
        self.client = nil
        _ = try? thread.perform {
            client?.close()
            client = nil
        }
    }

    func isShared() throws {
        try log.wait(for: "the state to be shared again") {
            $0.last == "shared state is back: Redis answers again"
        }
    }

    func isAway() throws {
        try log.wait(for: "the state to be away") {
            $0.last?.hasPrefix("shared state is away") == true
        }
    }

    // MARK: - Steps

    /// Decides as a request would.
    func decide(_ key: StateKey, _ amount: Double = 1, limit: Double = .infinity) throws -> Decided
    {
        try decide(CountProgram.step(table, key, amount, limit: limit))
    }

    func decide(_ step: StateStep) throws -> Decided {
        let decided = Watched<Decided?>(nil)
        try thread.perform { [self] in
            if let outcome = client.takeAtOnce(step) {
                decided.change { $0 = Decided(outcome) }
            } else {
                client.ask(step) { outcome in decided.change { $0 = Decided(outcome) } }
            }
        }
        return try decided.wait(for: "the state's outcome") { $0 != nil }!
    }

    /// Whether a step is decided without asking anyone.
    func isDecidedAtOnce(_ key: StateKey, _ amount: Double = 1, limit: Double) throws -> Bool {
        try thread.perform { [self] in
            client.takeAtOnce(CountProgram.step(table, key, amount, limit: limit)) != nil
        }
    }

    /// Takes a step in the background, and waits for its result.
    func take(_ key: StateKey, _ amount: Double) throws -> Double {
        let result = Watched<Double?>(nil)
        try thread.perform { [self] in
            client.take(CountProgram.step(table, key, amount)) { taken in
                result.change { $0 = taken.words[0] }
            }
        }
        return try result.wait(for: "the step's result") { $0 != nil }!
    }

    var errors: UInt64 {
        metrics.counter("state_errors_total", "", labels: []).value
    }
}

/// What became of a step, for comparing.
enum Decided: Equatable, Sendable {
    case applied([Double])
    case declined([Double])
    case allowed
    case denied

    init(_ outcome: StateClient.Outcome) {
        switch outcome {
        case .result(let result):
            let words = (0..<result.words.count).map { result.words[$0] }
            self = result.isApplied ? .applied(words) : .declined(words)
        case .allowed: self = .allowed
        case .denied: self = .denied
        }
    }
}
