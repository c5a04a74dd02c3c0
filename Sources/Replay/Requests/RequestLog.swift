import ActivityReport

/// The requests of one log, which may be in several files, in the order in which they stand there.
final class RequestLog {
    private var files: ArraySlice<ActivityFile>
    private var lines = LineReader()
    private var isAtBeginning = true
    private let reader: RequestReader
    private var read: [ReplayRequest] = []
    private var taken = 0

    /// - Parameter files: in the order of their time.
    init(_ files: [ActivityFile], _ reader: RequestReader) {
        self.files = files[...]
        self.reader = reader
    }

    /// The next one, which `takeNext` takes; nil at the end.
    func next() throws(InputFailure) -> ReplayRequest? {
        while taken == read.count {
            guard let file = files.first else { return nil }
            read.removeAll(keepingCapacity: true)
            taken = 0
            if let bytes = try file.next() {
                if isAtBeginning { try file.refuseCompressed(bytes, for: "replay") }
                isAtBeginning = false
                lines.read(bytes) { take($0, $1, file.name) }
            } else {
                lines.end { take($0, $1, file.name) }
                files = files.dropFirst()
                lines = LineReader()
                isAtBeginning = true
            }
        }
        return read[taken]
    }

    func takeNext() { taken += 1 }

    private func take(_ line: UnsafeBufferPointer<UInt8>?, _ number: Int, _ name: String) {
        if let request = reader.request(in: line, number, of: name) { read.append(request) }
    }
}
