import Glibc

/// Writes records to standard output, for whoever started the process to collect.
final class StandardOutputSink: ActivitySink {
    let name = "stdout"
    private let descriptor: Int32

    init(descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

    func prepare() -> Bool { false }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int {
        try SystemFile.write(descriptor, lines)
    }

    func reopen() {}

    func close() {}
}
