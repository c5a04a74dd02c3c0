/// The lines that were no records.
package struct SkippedLines: Sendable {
    package private(set) var count = 0
    /// Where the first one stands and why it is none: `activity.jsonl:17: expected …`.
    package private(set) var firstProblem: String?

    package init() {}

    package mutating func add(_ problem: () -> String) {
        count += 1
        if firstProblem == nil { firstProblem = problem() }
    }

    package static func += (left: inout SkippedLines, right: SkippedLines) {
        left.count += right.count
        left.firstProblem = left.firstProblem ?? right.firstProblem
    }
}

extension SkippedLines: CustomStringConvertible {
    /// `3 lines are no records; the first: activity.jsonl:17: expected an object, found …`
    package var description: String {
        guard let firstProblem else { return "every line is a record" }
        return count == 1
            ? "1 line is no record: \(firstProblem)"
            : "\(count) lines are no records; the first: \(firstProblem)"
    }
}
