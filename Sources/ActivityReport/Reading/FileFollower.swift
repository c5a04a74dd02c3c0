import Glibc

/// Reads a log while it is written, also when it is rotated (renamed, and begun anew under its name)
/// or truncated.
package final class FileFollower {
    private let path: String
    private let reader: ActivityRecordReader
    private var file: ActivityFile
    private let events: Int32

    /// - Parameters:
    ///   - fromEnd: leaves out what is in the file already.
    package init(_ path: String, into reader: ActivityRecordReader, fromEnd: Bool)
        throws(InputFailure)
    {
        self.path = path
        self.reader = reader
        // Before the file is opened: what happens from now on is an event.
        events = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        do {
            file = try ActivityFile(path)
        } catch {
            close(events)
            throw error
        }
        watch()
        if fromEnd {
            lseek(file.descriptor, off_t(Self.startOfLastLine(file.descriptor)), SEEK_SET)
        }
    }

    deinit { close(events) }

    /// Hands on all records that have come since the last call.
    package func readNew(_ body: (ActivityRecord) -> Void) throws(InputFailure) {
        while true {
            try readToEnd(body)
            // The name may be free for a moment, while the log is rotated.
            guard let current = status(path), let own = status(file.descriptor),
                current.st_ino != own.st_ino || current.st_dev != own.st_dev,
                let next = try? ActivityFile(path)
            else { return }
            // What was written between the last look at the old file and its renaming.
            try readToEnd(body)
            reader.end(body)
            file = next
            watch()
        }
    }

    /// Waits until something happens to the log, or the time is over.
    /// - Returns: whether something did.
    @discardableResult
    package func wait(milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: events, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, milliseconds) > 0 else { return false }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while Glibc.read(events, buffer.baseAddress, buffer.count) > 0 {}
        }
        return true
    }

    private func readToEnd(_ body: (ActivityRecord) -> Void) throws(InputFailure) {
        let place = lseek(file.descriptor, 0, SEEK_CUR)
        if let own = status(file.descriptor), own.st_size < place {
            reader.discardUnfinishedLine()
            lseek(file.descriptor, 0, SEEK_SET)
        }
        try file.read(into: reader, body)
    }

    /// The folder tells of a new file under the name; the file, which may be elsewhere when the name is
    /// a link, of new lines.
    private func watch() {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? "."
        inotify_add_watch(events, String(folder), UInt32(IN_CREATE | IN_MOVED_TO | IN_MODIFY))
        inotify_add_watch(events, path, UInt32(IN_MODIFY))
    }

    private func status(_ path: String) -> stat? {
        var result = stat()
        return stat(path, &result) == 0 ? result : nil
    }

    private func status(_ descriptor: Int32) -> stat? {
        var result = stat()
        return fstat(descriptor, &result) == 0 ? result : nil
    }

    /// Where the last line begins, or would: a line that is half written is read as a whole.
    private static func startOfLastLine(_ descriptor: Int32) -> Int {
        var end = Int(lseek(descriptor, 0, SEEK_END))
        guard end > 0 else { return 0 }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 << 10) { buffer in
            while end > 0 {
                let start = max(0, end - buffer.count)
                let count = pread(descriptor, buffer.baseAddress, end - start, off_t(start))
                guard count > 0 else { return end }
                if let lineBreak = buffer[..<count].lastIndex(of: 0x0A) {
                    return start + lineBreak + 1
                }
                end = start
            }
            return 0
        }
    }
}
