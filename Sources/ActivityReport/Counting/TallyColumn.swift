import PluginAPI

/// One number of a tally, by the name that it has in tables, in JSON and for `--sort`.
package enum TallyColumn: String, CaseIterable, Sendable {
    case requests, errors, refused, left
    case input, output, cached, reasoning
    case cost = "cost_usd"
    case bytesIn = "bytes_in"
    case bytesOut = "bytes_out"
    case p50, p95, p99
    case maximum = "max"

    /// What a table shows unless it is asked for more.
    static let shown: [TallyColumn] = [
        .requests, .errors, .refused, .input, .output, .cached, .cost, .p50, .p95,
    ]

    /// What is left out of a narrow table first has the least.
    var importance: Int {
        switch self {
        case .requests: 0
        case .cost: 9
        case .errors: 8
        case .refused: 7
        case .p95: 6
        case .p50: 5
        case .input, .output: 4
        default: 1
        }
    }

    /// What groups are sorted by; for sums of money in 10^-12 dollars, for durations in microseconds.
    package func value(_ tally: Tally) -> Int128 {
        switch self {
        case .requests: Int128(tally.requests)
        case .errors: Int128(tally.errors)
        case .refused: Int128(tally.refused)
        case .left: Int128(tally.left)
        case .input: tally.input
        case .output: tally.output
        case .cached: tally.cached
        case .reasoning: tally.reasoning
        case .cost: tally.cost.picodollars
        case .bytesIn: tally.bytesIn
        case .bytesOut: tally.bytesOut
        case .p50, .p95, .p99, .maximum: duration(tally).map { Int128($0) } ?? -1
        }
    }

    /// In microseconds.
    private func duration(_ tally: Tally) -> Int64? {
        switch self {
        case .p50: tally.durations.quantile(0.5)
        case .p95: tally.durations.quantile(0.95)
        case .p99: tally.durations.quantile(0.99)
        case .maximum: tally.durations.maximum
        default: nil
        }
    }

    /// - Parameter decimals: that all sums of money in the table have.
    func cell(_ tally: Tally, decimals: Int) -> TextTable.Cell {
        switch self {
        case .cost:
            TextTable.Cell(tally.priced == 0 ? "-" : tally.cost.written(decimals: decimals))
        case .p50, .p95, .p99, .maximum:
            TextTable.Cell(duration(tally).map(Quantity.duration) ?? "-")
        default:
            TextTable.Cell(String(value(tally)), short: Quantity.short(value(tally)))
        }
    }

    func json(_ tally: Tally) -> JSONValue {
        switch self {
        case .cost: tally.priced == 0 ? .null : .string(tally.cost.description)
        case .p50, .p95, .p99, .maximum: JSONValue(microseconds: duration(tally))
        default: .number(String(value(tally)))
        }
    }
}

extension Tally {
    /// All its numbers; durations in milliseconds.
    var json: JSONValue {
        func members(_ columns: [TallyColumn]) -> [JSONValue.Member] {
            columns.map { JSONValue.Member($0.rawValue, $0.json(self)) }
        }
        return .object(
            members([.requests, .errors, .refused, .left]) + [
                JSONValue.Member(
                    "usage",
                    .object(
                        members([.input, .output, .cached, .reasoning])
                            + [JSONValue.Member("estimated", .number(estimated))]))
            ] + members([.cost]) + [JSONValue.Member("unpriced", .number(unpriced))]
                + members([.bytesIn, .bytesOut]) + [
                    JSONValue.Member(
                        "duration_ms", .object(members([.p50, .p95, .p99, .maximum])))
                ])
    }
}

extension JSONValue {
    /// Milliseconds with as many decimals as it takes.
    init(microseconds: Int64?) {
        guard let microseconds else {
            self = .null
            return
        }
        let (whole, fraction) = microseconds.quotientAndRemainder(dividingBy: 1000)
        let digits = String(fraction + 1000).dropFirst()
        self = .number(fraction == 0 ? String(whole) : "\(whole).\(digits)")
    }
}
