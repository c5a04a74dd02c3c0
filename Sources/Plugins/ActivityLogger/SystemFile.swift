import Glibc

/// The system calls on files that sinks make.
enum SystemFile {
    /// What one path or descriptor stands for.
    struct Status {
        let device: UInt
        let number: UInt
        let size: Int
        let isRegular: Bool
        let isPipe: Bool

        func isSameFile(as other: Status) -> Bool {
            device == other.device && number == other.number
        }

        fileprivate init(_ status: stat) {
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
            size = Int(status.st_size)
            isRegular = status.st_mode & S_IFMT == S_IFREG
            isPipe = status.st_mode & S_IFMT == S_IFIFO
        }
    }

    static func status(of path: String) -> Status? {
        var result = stat()
        return stat(path, &result) == 0 ? Status(result) : nil
    }

    static func status(of descriptor: Int32) -> Status? {
        var result = stat()
        return fstat(descriptor, &result) == 0 ? Status(result) : nil
    }

    /// Opens a file to append to, and makes it when it is not there.
    static func openToAppend(_ path: String) throws(SinkFailure) -> Int32 {
        if status(of: path)?.isPipe == true { return try openPipe(path) }
        // Readable too, to see how the last record ends; the operator's group may read it.
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SinkFailure(operation: "open", code: errno) }
        return descriptor
    }

    /// What nobody reads is not opened, and would be lost there.
    private static func openPipe(_ path: String) throws(SinkFailure) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENXIO ? .unread : SinkFailure(operation: "open", code: errno)
        }
        return descriptor
    }

    /// Writes some of the bytes, at least one.
    static func write(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>)
        throws(SinkFailure) -> Int
    {
        while true {
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count > 0 { return count }
            guard errno == EINTR else { throw SinkFailure(operation: "write", code: errno) }
        }
    }

    /// The same where writing may block, on a pipe: it takes no more than there is room for, so that what
    /// has been taken is known.
    /// - Parameter patience: how long is waited for room.
    static func write(
        _ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>, patience: Duration
    ) throws(SinkFailure) -> Int {
        var events = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let ready = poll(&events, 1, Int32(patience.nanoseconds / 1_000_000))
        // Woken by a signal, or by an error that writing tells.
        guard ready != 0 else { throw .unread }
        // A pipe that is writable has room for so many, and takes them at once (pipe(7)). So lines up to
        // that length are not cut.
        var some = bytes.prefix(Int(PIPE_BUF))
        if let end = some.lastIndex(of: UInt8(ascii: "\n")) { some = some[...end] }
        do throws(SinkFailure) {
            return try write(descriptor, UnsafeBufferPointer(rebasing: some))
        } catch {
            throw error.code == EAGAIN ? .unread : error
        }
    }

    /// The bytes at a place, as many as there are.
    static func read(_ descriptor: Int32, count: Int, at offset: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            filled = max(0, pread(descriptor, bytes.baseAddress, count, offset))
        }
    }

    /// The names in a folder; none when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
