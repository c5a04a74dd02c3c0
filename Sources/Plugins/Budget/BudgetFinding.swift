import PluginAPI

/// What a step has found, itself included where it was applied.
struct BudgetFinding: Sendable {
    var spent: SplitAmount
    /// By requests that have not ended.
    var reserved: SplitAmount

    init(spent: SplitAmount, reserved: SplitAmount) {
        self.spent = spent
        self.reserved = reserved
    }

    init(_ words: borrowing StateWords) {
        spent = SplitAmount(high: words[0], low: words[1])
        reserved = SplitAmount(high: words[2], low: words[3])
    }

    func result(isApplied: Bool, lifetime: Double) -> StateResult {
        var words = StateWords()
        words.append(spent.high)
        words.append(spent.low)
        words.append(reserved.high)
        words.append(reserved.low)
        return StateResult(isApplied: isApplied, lifetime: lifetime, words: words)
    }
}
