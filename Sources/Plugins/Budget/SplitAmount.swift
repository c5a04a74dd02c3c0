import PluginAPI

/// An amount in two doubles, which is how records of shared state hold it: whole millions of its smallest
/// unit, and the rest. Pico-dollars do not fit into one beyond nine thousand dollars; so millions of
/// them, micro-dollars, are in the first.
///
/// Of tokens there is no part, so the second is 0.
///
/// Invariant: both are whole, neither is negative, and the second is less than a million. So all
/// arithmetic is exact.
struct SplitAmount: Sendable, Hashable, Comparable {
    var high: Double
    var low: Double

    static let zero = SplitAmount(high: 0, low: 0)
    private static let base = 1_000_000.0
    /// Sums of two stay exact below it (2^53).
    static let highest = 4_500_000_000_000_000.0

    init(high: Double, low: Double) {
        self.high = high
        self.low = low
    }

    /// What is negative counts as nothing.
    init(_ money: Money) {
        let (high, low) = max(0, money.picodollars).quotientAndRemainder(
            dividingBy: Int64(Self.base))
        self.init(high: Double(high), low: Double(low))
    }

    /// What is negative counts as nothing.
    init(tokens: Int) { self.init(high: min(Double(max(0, tokens)), Self.highest), low: 0) }

    init(_ amount: BudgetAmount) {
        switch amount {
        case .dollars(let money): self.init(money)
        case .tokens(let count): self.init(tokens: count)
        }
    }

    /// As people read it.
    func amount(in unit: BudgetUnit) -> BudgetAmount {
        switch unit {
        case .dollars:
            .dollars(
                Money(picodollars: Int64(min(high, 9_000_000_000_000)) * 1_000_000 + Int64(low)))
        case .tokens: .tokens(Int(high))
        }
    }

    /// For comparing how much is left of different budgets only.
    var approximate: Double { high + low / Self.base }

    static func < (left: Self, right: Self) -> Bool {
        left.high < right.high || (left.high == right.high && left.low < right.low)
    }

    static func + (left: Self, right: Self) -> Self {
        var sum = Self(high: left.high + right.high, low: left.low + right.low)
        if sum.low >= base {
            sum.low -= base
            sum.high += 1
        }
        if sum.high > highest { sum.high = highest }
        return sum
    }

    static func += (left: inout Self, right: Self) { left = left + right }

    /// Nothing where it would be negative.
    static func - (left: Self, right: Self) -> Self {
        var rest = Self(high: left.high - right.high, low: left.low - right.low)
        if rest.low < 0 {
            rest.low += base
            rest.high -= 1
        }
        return rest.high < 0 ? .zero : rest
    }

    static func -= (left: inout Self, right: Self) { left = left - right }

    /// The same in Lua: amounts are pairs, which functions take and return as two values.
    static let script = """
        local function less(high, low, otherHigh, otherLow)
            return high < otherHigh or (high == otherHigh and low < otherLow)
        end
        local function add(high, low, otherHigh, otherLow)
            high, low = high + otherHigh, low + otherLow
            if low >= \(Int(base)) then high, low = high + 1, low - \(Int(base)) end
            if high > \(Int(highest)) then high = \(Int(highest)) end
            return high, low
        end
        local function subtract(high, low, otherHigh, otherLow)
            high, low = high - otherHigh, low - otherLow
            if low < 0 then high, low = high - 1, low + \(Int(base)) end
            if high < 0 then return 0, 0 end
            return high, low
        end
        """
}
