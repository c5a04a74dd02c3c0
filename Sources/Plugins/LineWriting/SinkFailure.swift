import Glibc

/// Lines cannot be written.
struct SinkFailure: Error, CustomStringConvertible {
    /// What failed and why, such as `write: No space left on device`.
    let description: String
    /// Whether it may pass by itself, and so is no reason not to serve.
    let isPassing: Bool
    /// The system's; 0 for what the system did not say.
    let code: Int32
    /// How long whoever is behind the sink asks to be left alone.
    var rest: Duration?

    init(_ description: String, isPassing: Bool, code: Int32 = 0) {
        self.description = description
        self.isPassing = isPassing
        self.code = code
    }

    /// - Parameters:
    ///   - operation: what failed: `open`, `write`.
    ///   - code: the system's.
    init(operation: String, code: Int32) {
        self.init(
            "\(operation): \(String(cString: strerror(code)))",
            // The disk, or the operator's share of it, is full.
            isPassing: code == ENOSPC || code == EDQUOT, code: code)
    }

    /// A pipe that nobody reads, at its other end or fast enough.
    static let unread = SinkFailure("write: nobody reads it", isPassing: true)
}
