import PluginAPI

/// What a step of the velocity record is given: what has been counted since the last one, and by which
/// rules it is judged.
struct VelocityArguments: Sendable {
    struct Rules: Sendable {
        /// The share of failures, above 0 and at most 1, at which the mode starts.
        var threshold: Double
        /// Below this share it ends early.
        var recoverBelow: Double
        /// Fewer requests in the window never start it.
        var minimumRequests: Double
        /// In µs.
        var window: Double
        /// In µs.
        var cooldown: Double
        /// How long a count may wait to be handed over, in µs.
        var handOver: Double
    }

    var counts: VelocityCounts
    var rules: Rules

    var words: StateWords {
        var words = StateWords()
        for verdict in UpstreamVerdict.allCases { words.append(counts[verdict]) }
        words.append(rules.threshold)
        words.append(rules.recoverBelow)
        words.append(rules.minimumRequests)
        words.append(rules.window / Double(VelocityProgram.parts))
        words.append(rules.cooldown)
        words.append(rules.handOver)
        return words
    }
}

/// What a step of the velocity record has found out.
struct VelocityFinding: Sendable {
    enum Mode: Int, Sendable {
        /// It is off, and nobody remembers it otherwise.
        case off
        case on
        /// It is off since the cooldown was over.
        case cooledDown
        /// It is off since failures had become rare.
        case recovered
    }

    let mode: Mode
    /// Whether this very step turned it on or off.
    let isNews: Bool
    /// When it last started, in µs on the record's clock: which one of its starts is spoken of.
    let started: Double
    /// How long it will still be on, in µs.
    let remaining: Double
    /// How long it has been on, or was, in µs.
    let lasted: Double
    /// What the window holds.
    let window: VelocityCounts
    /// What the window held when it last started.
    let cause: VelocityCounts

    init(_ words: StateWords) {
        mode = Mode(rawValue: Int(words[0])) ?? .off
        isNews = words[1] != 0
        started = words[2]
        remaining = words[3]
        lasted = words[4]
        var (window, cause) = (VelocityCounts(), VelocityCounts())
        for verdict in UpstreamVerdict.allCases {
            window[verdict] = words[5 + verdict.rawValue]
            cause[verdict] = words[5 + UpstreamVerdict.count + verdict.rawValue]
        }
        self.window = window
        self.cause = cause
    }
}
