import PluginAPI

/// Appends records to a Redis stream, for programs elsewhere to read.
final class RedisStreamSink: LineSink {
    private let stream: any StateStream

    /// So many go at once: it holds up whoever else asks that server for about a millisecond.
    private static let recordsAtOnce = 256
    private static let bytesAtOnce = 256 << 10

    init(_ stream: any StateStream) { self.stream = stream }

    var name: String { stream.name }
    var isRemote: Bool { true }

    func prepare() throws(SinkFailure) -> Bool {
        do { try stream.connect() } catch { throw Self.failure(error) }
        return false
    }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
        let entries = Self.entries(of: lines)
        do {
            let count = try stream.append(entries)
            return SinkProgress(bytes: entries[..<count].reduce(0) { $0 + $1.count + 1 })
        } catch {
            throw Self.failure(error)
        }
    }

    /// The first lines, without their ends.
    private static func entries(of lines: UnsafeBufferPointer<UInt8>) -> [UnsafeBufferPointer<
        UInt8
    >] {
        var entries: [UnsafeBufferPointer<UInt8>] = []
        var begin = 0
        while entries.count < recordsAtOnce, begin < bytesAtOnce,
            let end = lines.lineEnd(from: begin)
        {
            entries.append(UnsafeBufferPointer(rebasing: lines[begin..<end]))
            begin = end + 1
        }
        return entries
    }

    private static func failure(_ error: any Error) -> SinkFailure {
        SinkFailure("\(error)", isPassing: true)
    }

    func close() { stream.close() }
}
