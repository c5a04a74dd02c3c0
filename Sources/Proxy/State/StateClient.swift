import PluginAPI

/// One event loop's access to the state: in this process's memory, and in Redis where replicas share it.
///
/// With Redis the memory is kept warm: it holds what Redis last said of each key. So a request that
/// is certain to be declined needs no answer, an outage hands nobody a fresh budget, and after it each
/// key's first step tells Redis what it may have missed.
package final class StateClient: StateAccess {
    private let store: StateStore
    private let sharing: StateSharing
    private let loop: EventLoop
    private let worker: Int
    private var configuration: StateConfiguration?
    private var redis: RedisConnection?
    private var prefix: [UInt8] = []
    /// Whether it is known how it stands with Redis.
    private var isSettled = true
    private var whenSettled: [() -> Void] = []

    init(_ store: StateStore, _ sharing: StateSharing, _ loop: EventLoop, worker: Int) {
        self.store = store
        self.sharing = sharing
        self.loop = loop
        self.worker = worker
    }

    // MARK: - Configuration

    /// Shares the state through this Redis, or no more. On the loop's thread, or before it runs.
    func use(_ new: StateConfiguration?) {
        guard new != configuration else { return }
        if let new, let known = configuration, new.whenUnavailable != known.whenUnavailable,
            new == known.with(new.whenUnavailable)
        {
            // The same Redis: nothing is to be connected anew.
            configuration = new
            return sharing.use(new.whenUnavailable)
        }
        close()
        configuration = new
        sharing.use(new?.whenUnavailable)
        guard let new else { return }
        prefix = Array(new.prefix.utf8)
        let settings = RedisSettings(
            address: new.redis, timeout: new.timeout, probeKey: prefix + Array("probe".utf8))
        let redis = RedisConnection(loop: loop, settings: settings, delegate: self)
        self.redis = redis
        isSettled = false
        redis.open()
    }

    func close() {
        redis?.close()
        redis = nil
        sharing.forget(worker)
        settled()
    }

    /// Calls back when Redis has answered, or turned out not to.
    func settle(_ then: @escaping () -> Void) {
        if isSettled { then() } else { whenSettled.append(then) }
    }

    private func settled() {
        isSettled = true
        for then in whenSettled { then() }
        whenSettled = []
    }

    // MARK: - Deciding

    /// What is to become of a request whose step has been taken, or could not be.
    enum Outcome {
        case result(StateResult)
        /// Those who share the state do not answer, and the operator lets requests pass meanwhile.
        case allowed
        /// The same, and the operator refuses them.
        case denied
    }

    /// Takes a step if that needs no waiting; nil when others have to be asked with `ask`.
    func takeAtOnce(_ step: StateStep) -> Outcome? {
        let now = store.clock.at(loop.now)
        guard let redis else { return .result(store.run(step, now: now)) }
        guard redis.isReady else { return withoutRedis(step) }
        // What others have used up meanwhile can only make it more certain. But what Redis may have lost
        // it is told first.
        let trial = StateStore.table(of: step).trial(step, mark: sharing.mark, now: now)
        guard let trial, !trial.isApplied else { return nil }
        return .result(trial)
    }

    /// Asks those who share the state. Steps of one turn go out together.
    func ask(_ step: StateStep, then: @escaping (Outcome) -> Void) {
        evaluate(step) { [self] result in then(result.map(Outcome.result) ?? withoutRedis(step)) }
    }

    private func withoutRedis(_ step: StateStep) -> Outcome {
        sharing.failed()
        switch configuration?.whenUnavailable {
        case .deny: return .denied
        case .local, nil: return .result(store.run(step, now: store.clock.at(loop.now)))
        case .allow:
            // Counted all the same, so that it is known when Redis is back.
            _ = store.run(step, now: store.clock.at(loop.now))
            return .allowed
        }
    }

    // MARK: - In the background

    package func take(_ step: StateStep, then: @escaping (StateResult) -> Void) {
        guard redis != nil else { return then(store.run(step, now: store.clock.at(loop.now))) }
        evaluate(step) { [store, sharing, loop] result in
            if result == nil { sharing.failed() }
            then(result ?? store.run(step, now: store.clock.at(loop.now)))
        }
    }

    package func take(_ step: StateStep) { take(step) { _ in } }

    // MARK: - Redis

    /// - Parameter then: called with nil when Redis did not take the step, or did not say so in time.
    private func evaluate(_ step: StateStep, then: @escaping (StateResult?) -> Void) {
        guard let redis, redis.isReady else { return then(nil) }
        let table = StateStore.table(of: step)
        let script = table.script
        var untold: [Double] = []
        let mark = sharing.mark
        table.withUntold(step.key, mark: mark, now: store.clock.at(loop.now)) { record in
            untold = record.indices.map { record[$0] }
        }
        let arguments = script.arguments(key(of: step), untold, step.arguments)
        redis.evaluate(script.script, arguments) { [store, sharing, loop] reply in
            switch reply {
            case .success(.bytes(let text)):
                guard let reply = script.reply(text) else { return then(nil) }
                sharing.taken()
                store.clock.set(reply.now)
                let (words, lifetime) = (reply.record.span, reply.result.lifetime)
                let now = store.clock.at(loop.now)
                if sharing.mark == mark {
                    table.store(step.key, words, lifetime: lifetime, mark: mark, now: now)
                } else {
                    // Another loop has lost its connection meanwhile, and may have counted here alone.
                    table.merge(step.key, words, lifetime: lifetime, now: now)
                }
                then(reply.result)
            case .success: then(nil)
            case .failure(.refused(let words)):
                sharing.refused(words)
                then(nil)
            case .failure: then(nil)
            }
        }
    }

    /// The braces make one slot of a cluster of all that is about one key.
    private func key(of step: StateStep) -> [UInt8] {
        prefix + Array("\(step.table.name):{\(step.key)}".utf8)
    }
}

extension StateClient: RedisConnectionDelegate {
    package func redisIsReady(_ connection: RedisConnection) {
        sharing.ready(worker)
        settled()
    }

    package func redisIsAway(_ connection: RedisConnection, _ why: String) {
        sharing.away(worker, why)
        settled()
    }

    package func redisIsStillAway(_ connection: RedisConnection, _ why: String) {
        sharing.stillAway(worker, why)
    }
}
