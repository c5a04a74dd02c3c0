/// A stream of entries for other programs to read: a Redis stream, over a connection of its own.
///
/// For a thread of the plugin's own, one at a time: it blocks.
public protocol StateStream: AnyObject {
    /// Where it is, for logs: no secret.
    var name: String { get }

    /// Appends entries, each with one field `record`, in order. It connects when it has to, and waits for
    /// as long as `state.timeout` for each answer.
    /// - Returns: how many of them are in the stream; the rest is to be appended again.
    /// - Throws: when none is.
    func append(_ entries: [UnsafeBufferPointer<UInt8>]) throws -> Int

    func close()
}
