import Glibc
import PluginAPI
import Plugins

/// Prints nanoseconds for what limiters do once a request.
@main
enum LimitsBenchmark {
    static func main() throws {
        print("the program alone, one window")
        program(.slidingWindow, [Rate(1_000_000_000, per: .minute)], "sliding window, admitted")
        program(.slidingWindow, [Rate(10, per: .minute)], "sliding window, refused")
        program(.gcra, [Rate(1_000_000_000, per: .minute)], "GCRA, admitted")
        program(.gcra, [Rate(10, per: .minute)], "GCRA, refused")
        print("limiters of a chain: step, decision and fields, with state in memory")
        let much = Rate(10_000, per: .minute)
        try chain([ipLimiter(much)], "ip-limiter")
        try chain([ipLimiter(much, headers: false)], "ip-limiter without fields")
        try chain(
            [ipLimiter(much), rateLimiter([much, Rate(500_000, per: .hour)])],
            "ip-limiter, and rate-limiter by identity with two windows")
        try chain([ipLimiter(Rate(10, per: .day))], "ip-limiter, refused")
        print("look-ups among 100,000 networks")
        lookUps(v6: false)
        lookUps(v6: true)
    }

    static func program(_ algorithm: LimitAlgorithm, _ rates: [Rate], _ what: String) {
        let program = LimiterProgram(algorithm, windows: rates.count)
        let arguments = LimiterProgram.arguments(cost: 1, isForced: false, Limits(rates))
        var record = [Double](repeating: 0, count: program.recordSize)
        var now = 1_767_225_600e6
        measure(what) {
            now += 50
            var span = record.mutableSpan
            _ = program.run(&span, arguments, now: now)
        }
    }

    /// What a chain asks of its limiters, for 8192 addresses in turn over 64 connections.
    static func chain(_ limiters: [any SharedStatePhase & ResponseHeadPhase], _ what: String) throws
    {
        let exchanges = (0..<64).map { client in
            let exchange = Exchange()
            exchange[Facts.identity] = "identity-\(client)"
            return exchange
        }
        var index = 0
        var now = 1_767_225_600e6
        try measure(what) {
            index = (index + 1) & 8191
            let exchange = exchanges[index & 63]
            exchange.peer = .address(IPAddress(v4: 10 << 24 | UInt32(index)), port: 50_000)
            now += 10
            for limiter in limiters {
                guard let step = try limiter.step(exchange), let table = step.table as? Table
                else { continue }
                _ = try limiter.decide(exchange, step, table.run(step, now: now))
            }
            for limiter in limiters.reversed() { try limiter.responseHead(exchange) }
            exchange.response.headers.removeAll()
        }
    }

    static func ipLimiter(_ rate: Rate, headers: Bool = true) throws -> IPLimiter {
        var configuration = IPLimiter.Configuration()
        configuration.limit = OneOrList(rate)
        configuration.headers = headers
        return try IPLimiter(configuration, setup)
    }

    static func rateLimiter(_ rates: [Rate]) throws -> RateLimiter {
        var configuration = RateLimiter.Configuration()
        configuration.key = OneOrList(.identity)
        configuration.limit = OneOrList(rates[0], rates[1])
        return try RateLimiter(configuration, setup)
    }

    static let setup = Setup(
        label: "limiter", folder: "/", time: SystemTime(), log: .none, metrics: NoMetrics(),
        state: Tables())

    static func lookUps(v6: Bool) {
        var generator = SystemRandomNumberGenerator()
        let networks = (0..<100_000).map { _ in
            v6
                ? Network(
                    IPAddress(bits: UInt128.random(in: 0 ... .max, using: &generator)),
                    prefixLength: Int.random(in: 24...64, using: &generator))
                : Network(
                    IPAddress(v4: UInt32.random(in: 0 ... .max, using: &generator)),
                    prefixLength: Int.random(in: 16...32, using: &generator))
        }
        let tiers = NetworkTiers([Array(networks[..<50_000]), Array(networks[50_000...])])
        let addresses = (0..<65536).map { _ in
            v6
                ? IPAddress(bits: UInt128.random(in: 0 ... .max, using: &generator))
                : IPAddress(v4: UInt32.random(in: 0 ... .max, using: &generator))
        }
        var (index, found) = (0, 0)
        measure(v6 ? "IPv6" : "IPv4") {
            index = (index + 1) & 65535
            if tiers.first(holding: addresses[index]) != nil { found += 1 }
        }
        precondition(found > 0)
    }

    /// Prints the best of five rounds.
    static func measure(
        _ what: String, count: Int = 500_000, _ body: () throws -> Void
    ) rethrows {
        var best = UInt64.max
        for _ in 0..<5 {
            let start = SystemTime().monotonic.nanoseconds
            for _ in 0..<count { try body() }
            best = min(best, SystemTime().monotonic.nanoseconds - start)
        }
        print("  \(what): \(Double(best * 10 / UInt64(count)) / 10) ns")
    }
}

private struct NoMetrics: Metrics {
    func counter(_ name: String, _ help: String, labels: [(String, String)]) -> Counter {
        Counter()
    }

    func gauge(
        _ name: String, _ help: String, labels: [(String, String)],
        read: @escaping @Sendable () -> Double
    ) {}
}

private struct Tables: SharedState {
    func table(_ name: String, _ program: any StateProgram, maximumKeys: Int) -> any StateTable {
        Table(name, program, maximumKeys)
    }
}

/// As the engine's own, with one part instead of many.
private final class Table: StateTable {
    let name: String
    private let program: any StateProgram
    private let records: Locked<RecordShard>

    init(_ name: String, _ program: any StateProgram, _ maximumKeys: Int) {
        self.name = name
        self.program = program
        records = Locked(RecordShard(recordSize: program.recordSize, limit: maximumKeys))
    }

    var count: Int { records.withLock { $0.count } }

    func run(_ step: StateStep, now: Double) -> StateResult {
        let hash = step.key.hashValue
        return records.withLock { records in
            records.update(step.key, hash: hash, now: now) { record, _ in
                let result = program.run(&record, step.arguments, now: now)
                return (result, lifetime: result.lifetime)
            }
        }
    }
}
