import Glibc

/// Where records go: a file, standard output, later a stream on a server. One thread uses it.
protocol ActivitySink: AnyObject {
    /// How the log names it.
    var name: String { get }

    /// Gets ready for lines, and opens what is not open.
    /// - Returns: whether they will stand in another place than those before, so that a line of
    ///   which only a part has been written must be written again.
    func prepare() throws(SinkFailure) -> Bool

    /// Writes some of the bytes, at least one. It may stop within a line, and is then called with
    /// the rest of it first.
    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int

    /// Asks that the next `prepare` open anew.
    func reopen()

    func close()
}

/// Records cannot be written.
struct SinkFailure: Error, CustomStringConvertible {
    /// What failed: `open`, `write`.
    let operation: String
    let code: Int32

    var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

extension SinkFailure {
    /// Whether it may pass by itself: the disk, or the operator's share of it, is full.
    var isPassing: Bool { code == ENOSPC || code == EDQUOT }
}

/// A sink could not be opened at the start.
struct SinkUnavailable: Error, CustomStringConvertible {
    let sink: String
    let failure: SinkFailure

    var description: String {
        "cannot append activity records to \"\(sink)\": \(failure); expected a file that this user "
            + "may create and write, in a folder that is there"
    }
}
