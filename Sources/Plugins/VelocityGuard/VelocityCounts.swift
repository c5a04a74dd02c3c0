/// How many exchanges ended how.
struct VelocityCounts: Sendable {
    private var counts = InlineArray<9, Double>(repeating: 0)

    init() {}

    subscript(verdict: UpstreamVerdict) -> Double {
        get { counts[verdict.rawValue] }
        set { counts[verdict.rawValue] = newValue }
    }

    var total: Double { failures + self[.success] }

    var failures: Double {
        UpstreamVerdict.allCases.dropFirst().reduce(0) { $0 + self[$1] }
    }

    /// Of failures; 0 when there is nothing.
    var share: Double { total > 0 ? failures / total : 0 }

    /// The failures that there are, the most frequent first.
    var breakdown: [(verdict: UpstreamVerdict, count: Int)] {
        UpstreamVerdict.allCases.dropFirst().filter { self[$0] > 0 }
            .map { ($0, Int(self[$0])) }
            .sorted { $0.count > $1.count }
    }
}
