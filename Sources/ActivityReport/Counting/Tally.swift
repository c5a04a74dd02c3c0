import PluginAPI

/// What is counted of a group of records. All sums are exact.
package struct Tally: Sendable {
    package private(set) var requests = 0
    /// Answered with 500 or more, or broken off by the upstream or the proxy; refusals apart.
    package private(set) var errors = 0
    /// Refused by a plugin, whatever the status.
    package private(set) var refused = 0
    /// Left by the client.
    package private(set) var left = 0
    package private(set) var input: Int128 = 0
    package private(set) var output: Int128 = 0
    package private(set) var cached: Int128 = 0
    package private(set) var reasoning: Int128 = 0
    /// Records whose tokens are estimates.
    package private(set) var estimated = 0
    package private(set) var cost = Dollars()
    /// Records that have a cost, zero included.
    package private(set) var priced = 0
    /// Records for which there was no price.
    package private(set) var unpriced = 0
    package private(set) var bytesIn: Int128 = 0
    package private(set) var bytesOut: Int128 = 0
    package private(set) var durations = DurationHistogram()

    package init() {}

    package mutating func add(_ record: ActivityRecord) {
        requests += 1
        let outcome = RecordOutcome(record)
        switch outcome {
        case .refused: refused += 1
        case .failed: errors += 1
        case .left: left += 1
        case .answered: break
        }
        if let tokens = record.count(.input) { input += Int128(tokens) }
        if let tokens = record.count(.output) { output += Int128(tokens) }
        if let tokens = record.count(.cached) { cached += Int128(tokens) }
        if let tokens = record.count(.reasoning) { reasoning += Int128(tokens) }
        if record.isEstimated == true { estimated += 1 }
        if let amount = record.cost {
            cost += amount
            priced += 1
            if let source = record.text(.costSource), source == "unpriced" { unpriced += 1 }
        }
        if let bytes = record.count(.bytesIn) { bytesIn += Int128(bytes) }
        if let bytes = record.count(.bytesOut) { bytesOut += Int128(bytes) }
        if let duration = record.microseconds(.duration) { durations.add(duration) }
    }

    package static func += (left: inout Self, right: Self) {
        left.requests += right.requests
        left.errors += right.errors
        left.refused += right.refused
        left.left += right.left
        left.input += right.input
        left.output += right.output
        left.cached += right.cached
        left.reasoning += right.reasoning
        left.estimated += right.estimated
        left.cost += right.cost
        left.priced += right.priced
        left.unpriced += right.unpriced
        left.bytesIn += right.bytesIn
        left.bytesOut += right.bytesOut
        left.durations += right.durations
    }
}
