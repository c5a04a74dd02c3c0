/// What the log says of lines, in the words of the plugin whose lines they are.
struct LineEvents: Sendable {
    /// What they are: `activity records`.
    let noun: String
    /// They cannot be written.
    let failing: String
    /// They can be written again.
    let recovered: String
    /// Some were left at the end.
    let lost: String
    /// The same, because the sink neither takes them nor fails.
    let stuck: String
    /// How a line counts: `records`.
    let unit: String
}
