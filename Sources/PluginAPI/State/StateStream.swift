/// A stream of entries for other programs to read: a Redis stream, over a connection of its own.
///
/// For a thread of the plugin's own, one at a time: it blocks, for a second or as long as
/// `state.timeout` where that is longer, on each thing that it waits for.
public protocol StateStream: AnyObject {
    /// Where it is, for logs: no secret.
    var name: String { get }

    /// Connects, unless it is connected as far as is known.
    /// - Throws: why it cannot, for people: no secret.
    func connect() throws

    /// Appends entries, each with one field `record`, in order. It connects when it has to.
    ///
    /// What fails must be appended again before anything else: an entry of which it is not known whether it
    /// has arrived is not in the stream twice then.
    /// - Returns: how many of them are in the stream; the rest is to be appended again.
    /// - Throws: when none is, as far as is known.
    func append(_ entries: [UnsafeBufferPointer<UInt8>]) throws -> Int

    func close()
}
