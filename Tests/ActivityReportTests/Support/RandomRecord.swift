import Foundation

/// Records of any kind, as lines of the log.
struct RandomRecord {
    var random: SplitMix64

    private static let models = ["gpt-4o", "gpt-4o-mini", "mödel \"x\"", "o3", "a/b:c"]
    private static let plugins = ["ip-limiter", "budget", "strict"]
    private static let reasons = ["rate_limit_exceeded", "budget_exhausted"]

    mutating func line() -> String {
        var record: [String: Any] = ["time": time()]
        func set(_ key: String, _ value: Any?) { record[key] = value ?? NSNull() }
        set("request_id", "id-\(Int.random(in: 0...1_000_000, using: &random))")
        set("route", random.pick(["chat", "rest", nil]))
        set("identity", random.pick(["team-a", "team-b", "", nil]))
        set("model", random.chance(0.2) ? nil : random.pick(Self.models))
        set("status", random.chance(0.02) ? nil : random.pick([200, 200, 404, 429, 499, 500, 503]))
        set("aborted", random.chance(0.9) ? nil : random.pick(["client", "upstream", "proxy"]))
        set("stream", random.pick([true, false, nil]))
        set("bytes_in", Int.random(in: 0...100_000, using: &random))
        set(
            "bytes_out", random.chance(0.01) ? Int.max : Int.random(in: 0...100_000, using: &random)
        )
        set("usage", random.chance(0.3) ? nil : usage())
        set("cost_usd", random.chance(0.3) ? nil : cost())
        set("cost_source", random.pick(["prices", "unpriced", nil]))
        set("decisions", (0..<random.pick([0, 0, 0, 1, 2, 3])).map { _ in decision() })
        let data = try? JSONSerialization.data(withJSONObject: record)
        let text = String(decoding: data ?? Data(), as: UTF8.self)
        // As the log writes it: a decimal with three places.
        let duration = Int64(exp(Double.random(in: 0...16, using: &random)))
        return text.dropLast() + ",\"duration_ms\":\(duration / 1000).\(padded(duration % 1000))}"
    }

    private func padded(_ thousandths: Int64) -> String {
        String(String(thousandths + 1000).dropFirst())
    }

    private mutating func time() -> String {
        func two(_ range: ClosedRange<Int>) -> String {
            String(String(100 + Int.random(in: range, using: &random)).dropFirst())
        }
        return
            "2026-01-\(two(30...31))T\(two(0...23)):\(two(0...59)):\(two(0...59)).\(two(0...99))0000Z"
    }

    private mutating func usage() -> [String: Any] {
        func count() -> Any {
            random.chance(0.1) ? NSNull() : Int.random(in: 0...5000, using: &random)
        }
        return [
            "input": random.chance(0.01) ? Int.max : count(), "output": count(),
            "cached": count(), "reasoning": count(), "estimated": random.chance(0.1),
        ]
    }

    /// Up to nine million dollars, or down to 10^-12.
    private mutating func cost() -> String {
        let whole = random.chance(0.1) ? Int.random(in: 0...9_000_000, using: &random) : 0
        let decimals = Int.random(in: 0...12, using: &random)
        guard decimals > 0 else { return String(whole) }
        let digits = (0..<decimals).map { _ in String(Int.random(in: 0...9, using: &random)) }
        return "\(whole).\(digits.joined())"
    }

    private mutating func decision() -> [String: Any] {
        [
            "plugin": random.pick(Self.plugins), "reason": random.pick(Self.reasons),
            "decision": random.pick(["refuse", "observed", "observed"]),
        ]
    }
}
