import Glibc

/// Writes records to standard output, for whoever started the process to collect.
final class StandardOutputSink: LineSink {
    let name = "stdout"
    private let descriptor: Int32
    private let patience: Duration

    /// - Parameter patience: how long is waited for whoever reads it.
    init(descriptor: Int32 = STDOUT_FILENO, patience: Duration = .seconds(1)) {
        self.descriptor = descriptor
        self.patience = patience
    }

    func prepare() -> Bool { false }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
        SinkProgress(bytes: try SystemFile.write(descriptor, lines, patience: patience))
    }

    func close() {}
}
