import PluginAPI

@testable import Proxy

/// An upstream and one worker's balancer for it, with time that is moved by hand and nothing behind it.
final class BalancedUpstream {
    let upstream: Upstream
    let balancer: TargetBalancer
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    let changes: Watched<[String]>

    init(
        weights: [Int], _ balance: Balance = .roundRobin,
        _ settings: HealthConfiguration = HealthConfiguration(slowStart: .zero)
    ) {
        let changes = Watched<[String]>([])
        self.changes = changes
        let log = Log(level: .debug) { _, event, _ in changes.change { $0.append(event) } }
        upstream = Upstream(
            name: "u", number: 0,
            targets: weights.enumerated().map { number, weight in
                Target(Self.address(number), weight: weight)
            },
            balance: balance, healthSettings: settings,
            reporter: HealthReporter(log: log, metrics: nil))
        balancer = TargetBalancer(upstream)
    }

    static func address(_ number: Int) -> TargetAddress {
        .tcp(isSecure: false, host: "127.0.0.1", port: UInt16(number + 1))
    }

    func passes(_ duration: Duration) { now = now + duration }

    func choose(except tried: [Int] = []) -> TargetChoice? {
        balancer.choose(except: tried, at: now)
    }

    func end(_ choice: TargetChoice, _ ending: AttemptEnding = .answered(200)) {
        balancer.ended(choice, ending, at: now)
    }

    /// The targets of so many requests that all go on.
    func sequence(_ count: Int) -> [Int] { (0..<count).map { _ in choose()?.index ?? -1 } }

    /// The targets of so many requests, each of which ends before the next.
    func turns(_ count: Int, _ ending: (Int) -> AttemptEnding = { _ in .answered(200) }) -> [Int] {
        (0..<count).map { _ in
            guard let choice = choose() else { return -1 }
            end(choice, ending(choice.index))
            return choice.index
        }
    }

    /// Lets a target fail as many requests as it takes.
    func eject(_ target: Int) {
        while share(of: target) > 0 {
            _ = turns(1) { $0 == target ? .failed("it broke") : .answered(200) }
        }
    }

    /// In hundredths.
    func share(of target: Int) -> Int { upstream.report(at: now).targets[target].share }

    func check(_ target: Int, _ failure: String? = nil) {
        upstream.health.checked(Self.address(target), failure: failure, at: now)
    }
}
