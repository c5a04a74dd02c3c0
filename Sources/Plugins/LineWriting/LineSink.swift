/// Where lines go: a file, standard output, a server. One thread uses it.
protocol LineSink: AnyObject {
    /// How the log names it.
    var name: String { get }

    /// Whether it is elsewhere. Then it may be away when the process starts, and opening it may take a
    /// while; what is here and cannot be opened is wrongly configured.
    var isRemote: Bool { get }

    /// Gets ready for lines, and opens what is not open.
    /// - Returns: whether they will stand in another place than those before, so that a line of
    ///   which only a part has been written must be written again.
    func prepare() throws(SinkFailure) -> Bool

    /// Writes some of the bytes, at least one. It may stop within a line, and is then called with
    /// the rest of it first.
    /// - Throws: when none was taken, and all may be tried again later.
    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress

    /// Asks that the next `prepare` open anew.
    func reopen()

    func close()
}

extension LineSink {
    var isRemote: Bool { false }
    func reopen() {}
}
