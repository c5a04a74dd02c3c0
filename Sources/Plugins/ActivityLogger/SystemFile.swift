import Glibc

/// The system calls on files that sinks make.
enum SystemFile {
    /// What one path or descriptor stands for.
    struct Status {
        let device: UInt
        let number: UInt
        let size: Int
        let isRegular: Bool

        func isSameFile(as other: Status) -> Bool {
            device == other.device && number == other.number
        }

        fileprivate init(_ status: stat) {
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
            size = Int(status.st_size)
            isRegular = status.st_mode & S_IFMT == S_IFREG
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
        // Readable too, to see how the last record ends; the operator's group may read it.
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SinkFailure(operation: "open", code: errno) }
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
