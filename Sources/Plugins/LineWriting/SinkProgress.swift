/// What a sink has done with lines.
struct SinkProgress {
    /// How many bytes of them are dealt with, and do not come again.
    let bytes: Int
    /// How many of the lines in them whoever is behind the sink would not have; they are lost.
    var rejected = 0
    /// Why, for the operator.
    var complaint: SinkFailure?
}
