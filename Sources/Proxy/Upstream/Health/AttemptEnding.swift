/// What an attempt at a target tells about the target's health.
enum AttemptEnding {
    /// A whole answer with this status.
    case answered(Int)
    /// There was no answer, or no whole one, for this reason, and the target is at fault.
    case failed(String)
    /// Nothing: the client left, or did not want the rest.
    case unknown
}
