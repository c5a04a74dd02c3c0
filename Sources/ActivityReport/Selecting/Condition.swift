import PluginAPI

/// What `--where` asks of a record: `status=429`, `model=gpt-4o*`, `duration_ms>2000`.
package struct Condition: Sendable {
    package enum Comparison: String, CaseIterable, Sendable {
        // The longer ones first: `>=` begins like `>`.
        case notEqual = "!="
        case atLeast = ">="
        case atMost = "<="
        case equal = "="
        case above = ">"
        case below = "<"

        func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .equal: left == right
            case .notEqual: left != right
            case .atLeast: left >= right
            case .atMost: left <= right
            case .above: left > right
            case .below: left < right
            }
        }
    }

    /// What a field is compared with.
    enum Operand: Sendable {
        case none
        case number(Int64)
        case flag(Bool)
        /// The hundreds of a status.
        case statusClass(Int64)
        case text(Glob)
    }

    let field: RecordField
    let comparison: Comparison
    let operand: Operand

    // MARK: Judging

    /// Whether the record meets it. A record without a value meets only `none`, and every `!=`.
    /// - Parameter decision: which of its decisions is meant; nil for a record that has none.
    func holds(for record: ActivityRecord, _ decision: ActivityRecord.Decision?) -> Bool {
        switch field {
        case .text(let key): holds(record.text(key))
        case .plugin: holds(decision?.plugin)
        case .decision: holds(decision?.decision)
        case .reason: holds(decision?.reason)
        case .count(let key): holds(record.count(key))
        case .statusClass: holds(record.count(.status).map { $0 / 100 })
        case .duration(let key): holds(record.microseconds(key))
        case .cost: holds(record.cost?.picodollars)
        case .stream: holds(record.isStream)
        case .estimated: holds(record.isEstimated)
        case .minute, .hour, .day: true
        }
    }

    private func holds(_ text: RecordText?) -> Bool {
        switch operand {
        case .text(let glob):
            guard let text else { return comparison == .notEqual }
            return glob.matches(text.bytes) == (comparison == .equal)
        default: return (text == nil) == (comparison == .equal)
        }
    }

    private func holds(_ number: Int64?) -> Bool {
        switch operand {
        case .number(let bound):
            guard let number else { return comparison == .notEqual }
            return comparison.holds(number, bound)
        case .statusClass(let hundreds):
            guard let number else { return comparison == .notEqual }
            return (number / 100 == hundreds) == (comparison == .equal)
        default: return (number == nil) == (comparison == .equal)
        }
    }

    private func holds(_ flag: Bool?) -> Bool {
        guard case .flag(let wanted) = operand else {
            return (flag == nil) == (comparison == .equal)
        }
        return (flag == wanted) == (comparison == .equal)
    }
}
