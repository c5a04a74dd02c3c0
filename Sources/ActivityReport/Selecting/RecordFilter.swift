import PluginAPI

/// Which records are asked for.
///
/// Conditions on one field with `=` are alternatives: `status=429`, `status=503` is either of them. All
/// others must hold together. Those on decisions must hold for one and the same decision.
package struct RecordFilter: Sendable {
    /// From this moment on.
    package var since: WallTime?
    /// Before this moment.
    package var until: WallTime?
    /// Each is a list of alternatives.
    private var ofRecord: [[Condition]] = []
    private var ofDecision: [[Condition]] = []

    package init(since: WallTime? = nil, until: WallTime? = nil, conditions: [Condition] = []) {
        self.since = since
        self.until = until
        var alternatives: [(field: RecordField, conditions: [Condition])] = []
        for condition in conditions {
            if condition.comparison == .equal,
                let index = alternatives.firstIndex(where: {
                    $0.field == condition.field && $0.conditions[0].comparison == .equal
                })
            {
                alternatives[index].conditions.append(condition)
            } else {
                alternatives.append((condition.field, [condition]))
            }
        }
        ofRecord = alternatives.filter { !$0.field.isOfDecision }.map(\.conditions)
        ofDecision = alternatives.filter(\.field.isOfDecision).map(\.conditions)
    }

    /// Whether the record is asked for.
    package func matches(_ record: ActivityRecord) -> Bool {
        if let since, record.time < since { return false }
        if let until, record.time >= until { return false }
        guard Self.hold(ofRecord, record, nil) else { return false }
        if ofDecision.isEmpty { return true }
        if record.decisions.isEmpty { return Self.hold(ofDecision, record, nil) }
        return record.decisions.contains { matches($0, of: record) }
    }

    /// Whether this decision of the record is asked for.
    package func matches(_ decision: ActivityRecord.Decision, of record: ActivityRecord) -> Bool {
        Self.hold(ofDecision, record, decision)
    }

    private static func hold(
        _ alternatives: [[Condition]], _ record: ActivityRecord,
        _ decision: ActivityRecord.Decision?
    ) -> Bool {
        alternatives.allSatisfy { $0.contains { $0.holds(for: record, decision) } }
    }
}
