import PluginAPI
import Testing

@testable import Plugins
@testable import Proxy

/// concurrency-limiter on several event loops at once, with more coming and leaving than it admits.
@Suite("A concurrency limit on several loops", .timeLimit(.minutes(5)))
struct ConcurrencyLoadTests {
    static let limit = 3
    static let keys = 4

    /// How visits ended, and how many of each key are under way.
    private struct Tally {
        var running = [Int](repeating: 0, count: ConcurrencyLoadTests.keys)
        var most = 0
        var ended = 0
        var served = 0
        var refused: [String: Int] = [:]
        var left = 0
    }

    /// A request as its exchange would take it to the limiter: on one loop, until its end.
    private final class Visit: WaitKeeper, TimerTarget, @unchecked Sendable {
        private let loop: EventLoop
        private let limiter: ConcurrencyLimiter
        private let tally: Watched<Tally>
        private let key: Int
        private let exchange = Exchange()
        private lazy var deadline = LoopTimer(self)
        private lazy var leaving = LoopTimer(self)
        private var isRunning = false
        private var isCompleted = false

        init(_ loop: EventLoop, _ limiter: ConcurrencyLimiter, _ tally: Watched<Tally>, key: Int) {
            self.loop = loop
            self.limiter = limiter
            self.tally = tally
            self.key = key
        }

        /// - Parameters:
        ///   - patience: after how long the client leaves; nil when it stays.
        ///   - work: how many times others go on while it is under way.
        nonisolated(nonsending) func run(patience: Duration?, work: Int) async {
            exchange.waitKeeper = self
            exchange.now = loop.now
            exchange[Facts.identity] = "client-\(key)"
            if let patience { loop.timers.set(leaving, at: loop.now + patience) }
            let atOnce = limiter.decideAtOnce(exchange)
            let decision = if let atOnce { atOnce } else { await limiter.request(exchange) }
            #expect(loop.isCurrent)
            if !isCompleted {
                switch decision {
                case .refuse(let refusal):
                    tally.change { $0.refused[refusal.reason, default: 0] += 1 }
                default:
                    isRunning = true
                    tally.change {
                        $0.running[key] += 1
                        $0.most = max($0.most, $0.running[key])
                    }
                    for _ in 0..<work where !isCompleted { await Task.yield() }
                    if !isCompleted { tally.change { $0.served += 1 } }
                }
                complete()
            }
            loop.timers.cancel(deadline)
            loop.timers.cancel(leaving)
            tally.change { $0.ended += 1 }
        }

        private func complete() {
            guard !isCompleted else { return }
            isCompleted = true
            exchange.wait?.finish(.exchangeEnded)
            if isRunning { tally.change { $0.running[key] -= 1 } }
            limiter.completed(exchange)
        }

        func timerFired(_ timer: LoopTimer) {
            if timer === deadline {
                exchange.wait?.finish(.timedOut)
            } else if !isCompleted {
                tally.change { $0.left += 1 }
                complete()
            }
        }

        var now: MonotonicTime { loop.now }

        func keep(_ wait: Wait, until deadline: MonotonicTime) {
            loop.timers.set(self.deadline, at: deadline)
        }
    }

    @Test("never are more under way than may be, none waits for ever, and nothing is left behind")
    func load() throws {
        let stage = Stage(ProxyFile())
        let setup = Setup(
            label: "limiter", folder: "/nowhere", time: SystemTime(), log: .none, metrics: stage,
            state: StateStore())
        var configuration = ConcurrencyLimiter.Configuration()
        configuration.limit = Self.limit
        configuration.key = OneOrList(.identity)
        configuration.queue = 400
        configuration.timeout = .milliseconds(40)
        let limiter = ConcurrencyLimiter(configuration, setup)
        limiter.start()
        let tally = Watched(Tally())
        let threads = try (0..<4).map { _ in try LoopThread() }
        let visits = 8000
        for number in 0..<visits {
            let loop = threads[number % threads.count].loop
            // Spread by numbers without a common factor, so that every pair of them occurs.
            let visit = Visit(loop, limiter, tally, key: number / 4 % Self.keys)
            let patience: Duration? = number % 7 == 0 ? .milliseconds(number % 53) : nil
            let work = number % 11 * 4
            Task(executorPreference: loop) { await visit.run(patience: patience, work: work) }
        }
        let end = try tally.wait(for: "the end of all", patience: .seconds(60)) {
            $0.ended == visits
        }
        #expect(end.most == Self.limit)
        #expect(end.running.allSatisfy { $0 == 0 })
        #expect(end.served + end.left + end.refused.values.reduce(0, +) == visits)
        // All of it has happened.
        #expect(end.served > 0 && end.left > 0 && (end.refused["queue_timeout"] ?? 0) > 0)
        #expect(limiter.state == ["running": 0, "waiting": 0, "keys": 0])
    }
}
