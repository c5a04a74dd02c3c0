import Glibc

/// A file of records, or standard input.
package final class ActivityFile {
    /// The name that stands for standard input.
    package static let standardInput = "-"

    /// As it was given.
    package let name: String
    let descriptor: Int32
    // Large enough for few calls, small enough to stay in a processor's own cache. Made when it is
    // first used: many files are opened before the first one is read.
    private lazy var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256 << 10)
    private var hasBuffer = false

    /// Opens it.
    /// - Parameter path: `-` for standard input.
    package init(_ path: String) throws(InputFailure) {
        name = path == Self.standardInput ? "standard input" : path
        descriptor =
            path == Self.standardInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputFailure(reading: name, code: errno) }
    }

    deinit {
        close(descriptor)
        if hasBuffer { buffer.deallocate() }
    }

    /// Hands all that is in it, from where the last call ended, to a reader.
    package func read(
        into reader: ActivityRecordReader, _ body: (ActivityRecord) -> Void
    ) throws(InputFailure) {
        var isFirst = lseek(descriptor, 0, SEEK_CUR) <= 0
        while let run = try next() {
            if isFirst { try refuseCompressed(run, for: "activity") }
            isFirst = false
            reader.read(run, body)
        }
    }

    /// The one word in a small file, such as a token.
    static func word(in path: String) throws(InputFailure) -> String {
        let file = try ActivityFile(path)
        let text = try file.next().map { String(decoding: $0, as: UTF8.self) } ?? ""
        let words = text.split { $0.isWhitespace }
        guard words.count == 1, words[0].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw InputFailure(
                "\(file.name): expected one word in ASCII, found \(words.count) words")
        }
        return String(words[0])
    }

    /// The next bytes, valid until the next call; nil at the end.
    package func next() throws(InputFailure) -> UnsafeBufferPointer<UInt8>? {
        hasBuffer = true
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { return UnsafeBufferPointer(rebasing: buffer[..<count]) }
            if count == 0 { return nil }
            guard errno == EINTR else { throw InputFailure(reading: name, code: errno) }
        }
    }

    /// - Parameters:
    ///   - bytes: those that the file begins with.
    ///   - command: that could read them from another program.
    package func refuseCompressed(
        _ bytes: UnsafeBufferPointer<UInt8>, for command: String
    ) throws(InputFailure) {
        let tools: [(tool: String, beginning: [UInt8])] = [
            ("zcat", [0x1F, 0x8B]), ("zstdcat", [0x28, 0xB5, 0x2F, 0xFD]),
            ("xzcat", [0xFD, 0x37, 0x7A, 0x58, 0x5A]), ("bzcat", [0x42, 0x5A, 0x68]),
        ]
        guard let found = tools.first(where: { bytes.starts(with: $0.beginning) }) else { return }
        throw InputFailure(
            "\(name): the file is compressed; try: \(found.tool) FILE | sluice \(command) -")
    }
}
