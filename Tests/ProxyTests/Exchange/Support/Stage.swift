import PluginAPI

@testable import Proxy

/// What the plugins of one proxy find in their setup: their scripts, and the record of what they see.
///
/// It comes to them as the setup's metrics, so that tests run side by side without anything global.
final class Stage: Metrics, Sendable {
    let store = MetricsStore()
    /// The file that is loaded, now or next.
    let file: Watched<ProxyFile>
    /// By exchange, from 1.
    let accounts = Watched<[Account]>([])
    /// `a start`, `a reopen`, `a stop`.
    let life = Watched<[String]>([])

    init(_ file: ProxyFile) { self.file = Watched(file) }

    private static let number = Fact<Int>("exchange_number")

    /// Which exchange it is. A fact: so the next one on the connection must not have it any more.
    func number(_ exchange: Exchange, _ role: Role) -> Int {
        if let number = exchange[Self.number] { return number }
        let number = accounts.change {
            $0.append(Account(number: $0.count + 1, file: role.file))
            return $0.count
        }
        exchange[Self.number] = number
        return number
    }

    func note(_ exchange: Exchange, _ role: Role, _ sight: Sight) {
        let number = number(exchange, role)
        accounts.change {
            $0[number - 1].entries.append(Account.Entry(plugin: role.label, sight: sight))
            $0[number - 1].path = exchange.request.path
        }
    }

    func note(_ event: String) { life.change { $0.append(event) } }

    // MARK: - What tests ask

    /// The account of the only exchange with that path, when it has completed.
    func account(of path: String = "/") throws -> Account {
        try accounts.wait(for: "the end of \(path)") {
            $0.contains { $0.path == path && $0.isOver }
        }.first { $0.path == path && $0.isOver }!
    }

    /// Waits until so many exchanges have completed.
    @discardableResult
    func completed(_ count: Int) throws -> [Account] {
        try accounts.wait(for: "the end of \(count) exchanges") {
            $0.count { $0.isOver } >= count
        }
    }

    /// Waits until a plugin has seen something.
    func await(_ label: String, _ sight: String, of path: String = "/") throws {
        try accounts.wait(for: "\(label) \(sight) of \(path)") {
            $0.contains { $0.path == path && $0.order.contains("\(label) \(sight)") }
        }
    }

    /// How many times a plugin has decided so, as the metrics say.
    func decisions(_ label: String, _ decision: String, _ reason: String) -> UInt64 {
        store.contents.withLock { $0.plugins[label] ?? [] }.reduce(0) {
            $0 + ($1.decisions[PluginMetrics.Key(decision: decision, reason: reason)] ?? 0)
        }
    }

    // MARK: - Metrics

    func counter(
        _ name: String, _ help: String, labels: [(String, String)], decimals: Int
    ) -> Counter {
        store.counter(name, help, labels: labels)
    }

    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {
        store.gauge(name, help, labels: labels, read: read)
    }
}
