/// What of a record can be named on the command line, in the record's own words.
package enum RecordField: Hashable, Sendable {
    case text(RecordTextKey)
    case count(RecordCountKey)
    case duration(RecordDurationKey)
    case cost
    case stream, estimated
    /// The hundreds of the status: `2xx`.
    case statusClass
    case plugin, decision, reason
    case minute, hour, day

    package static let all: [RecordField] =
        [
            .text(.route), .text(.model), .text(.identity), .count(.status), .statusClass,
            .text(.upstream), .plugin, .decision, .reason, .hour, .day, .minute,
            .text(.client), .text(.peer), .text(.method), .text(.path), .text(.requestID),
            .text(.aborted), .text(.error), .text(.costSource), .text(.finishReason),
            .stream, .estimated, .count(.attempts),
        ] + RecordDurationKey.allCases.map(RecordField.duration) + [
            .count(.bytesIn), .count(.bytesOut), .cost, .count(.input), .count(.output),
            .count(.cached), .count(.cacheWrite), .count(.longCacheWrite), .count(.reasoning),
            .count(.total),
        ]

    package init?(_ name: String) {
        guard let field = Self.all.first(where: { $0.name == name }) else { return nil }
        self = field
    }

    package var name: String {
        switch self {
        case .text(let key): "\(key.name)"
        case .count(let key): "\(key.name)"
        case .duration(let key): "\(key.name)"
        case .cost: "cost_usd"
        case .stream: "stream"
        case .estimated: "estimated"
        case .statusClass: "class"
        case .plugin: "plugin"
        case .decision: "decision"
        case .reason: "reason"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        }
    }

    /// Whether records can be counted by its values. A measure has nearly as many as there are records.
    package var isDimension: Bool {
        switch self {
        case .duration, .cost: false
        case .count(let key): key == .status || key == .attempts
        default: true
        }
    }

    /// Whether `--where` knows it; moments are asked for by `--since` and `--until`.
    package var isCondition: Bool { period == nil }

    /// Of a record's decisions, of which there are any number.
    package var isOfDecision: Bool {
        switch self {
        case .plugin, .decision, .reason: true
        default: false
        }
    }

    /// In microseconds, of a field that is a part of the calendar.
    package var period: Int64? {
        switch self {
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        case .day: 86_400_000_000
        default: nil
        }
    }

    /// The only values that it has, where these are known.
    package var values: [String]? {
        switch self {
        case .text(.aborted): ["client", "upstream", "proxy", "none"]
        case .text(.costSource): ["prices", "provider", "fallback", "unpriced", "none"]
        case .decision: ["refuse", "answer", "observed", "failed", "none"]
        case .stream, .estimated: ["true", "false", "none"]
        default: nil
        }
    }
}
