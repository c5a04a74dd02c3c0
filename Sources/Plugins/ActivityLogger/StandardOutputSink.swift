import Glibc

/// Writes records to standard output, for whoever started the process to collect.
final class StandardOutputSink: ActivitySink {
    let name = "stdout"

    func prepare() -> Bool { false }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int {
        try SystemFile.write(STDOUT_FILENO, lines)
    }

    func reopen() {}

    func close() {}
}
