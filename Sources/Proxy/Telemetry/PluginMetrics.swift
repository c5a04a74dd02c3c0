import PluginAPI

/// What one worker counts of one plugin's instance.
final class PluginMetrics: Sendable {
    let duration = Histogram()
    let proceeded = LocalCounter()
    private let others = Locked<[Key: UInt64]>([:])

    struct Key: Hashable, Sendable {
        let decision: String
        let reason: String
    }

    /// Reasons come from plugins' code. One that makes them up from what clients send would grow this
    /// without end, so what comes after so many is counted together.
    private static let reasonLimit = 64

    func count(_ kind: DecisionRecord.Kind, _ reason: String) {
        others.withLock { counts in
            let key = Key(decision: kind.rawValue, reason: reason)
            if counts[key] == nil, counts.count >= Self.reasonLimit {
                counts[Key(decision: kind.rawValue, reason: "other"), default: 0] += 1
            } else {
                counts[key, default: 0] += 1
            }
        }
    }

    /// Adds how often each kind of decision was made, whatever the reason.
    func add(to sums: inout [String: UInt64]) {
        if proceeded.value > 0 { sums["proceed", default: 0] += proceeded.value }
        others.withLock { counts in
            for (key, count) in counts { sums[key.decision, default: 0] += count }
        }
    }

    var decisions: [Key: UInt64] {
        var counts = others.withLock { $0 }
        if proceeded.value > 0 { counts[Key(decision: "proceed", reason: "")] = proceeded.value }
        return counts
    }
}
