import PluginAPI

@testable import Plugins

/// A record of the program, held by a test.
struct BudgetRecord: Equatable {
    private(set) var words = [Double](repeating: 0, count: BudgetProgram().recordSize)

    @discardableResult
    mutating func take(_ arguments: BudgetArguments) -> (isApplied: Bool, finding: BudgetFinding) {
        var record = words.mutableSpan
        // The clock that records are kept by has no part in it.
        let result = BudgetProgram().run(&record, arguments.words, now: 0)
        return (result.isApplied, BudgetFinding(result.words))
    }

    func merged(with other: Self) -> Self {
        var merged = self
        var record = merged.words.mutableSpan
        BudgetProgram().merge(&record, other.words.span)
        return merged
    }
}
