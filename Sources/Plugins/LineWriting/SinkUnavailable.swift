/// A sink could not be opened at the start.
struct SinkUnavailable: Error, CustomStringConvertible {
    let sink: String
    /// What it is for: `activity records`.
    let lines: String
    let failure: SinkFailure

    var description: String {
        "cannot append \(lines) to \"\(sink)\": \(failure); expected a file that this user "
            + "may create and write, in a folder that is there"
    }
}
