import Glibc
import PluginAPI

/// Appends records to a file, which it renames and begins anew when it becomes too large or too old.
///
/// Before each batch it looks whether the path still leads to the file that it has open, so that a
/// file that somebody else has renamed or deleted is begun anew too; two instances, such as the old
/// and the new one during a reload, can write to one file.
final class FileSink: ActivitySink {
    let name: String
    private let rotation: FileRotation
    private let time: any TimeSource
    private let log: Log

    private var file: OpenFile?
    private var mustReopen = false
    private var renamingFails = false

    private struct OpenFile {
        let descriptor: Int32
        let status: SystemFile.Status
        /// In bytes.
        var size: Int
        /// When the first of its records was made; nil when there is none yet.
        var begin: WallTime?
        var endsWithinLine: Bool
    }

    init(_ path: String, rotation: FileRotation, time: any TimeSource, log: Log) {
        name = path
        self.rotation = rotation
        self.time = time
        self.log = log
    }

    deinit { close() }

    func reopen() { mustReopen = true }

    func close() {
        if let file { Glibc.close(file.descriptor) }
        file = nil
    }

    func prepare() throws(SinkFailure) -> Bool {
        if let file, !mustReopen, let current = SystemFile.status(of: name),
            current.isSameFile(as: file.status)
        {
            self.file?.size = current.size
            return false
        }
        try open()
        return true
    }

    private func open() throws(SinkFailure) {
        close()
        let descriptor = try SystemFile.openToAppend(name)
        guard let status = SystemFile.status(of: descriptor) else {
            let code = errno
            Glibc.close(descriptor)
            throw SinkFailure(operation: "open", code: code)
        }
        mustReopen = false
        var opened = OpenFile(
            descriptor: descriptor, status: status, size: status.size, endsWithinLine: false)
        if status.isRegular, status.size > 0 {
            let last = SystemFile.read(descriptor, count: 1, at: status.size - 1)
            opened.endsWithinLine = last != [UInt8(ascii: "\n")]
            opened.begin = ActivityRecord.time(
                ofLine: SystemFile.read(descriptor, count: 64, at: 0))
        }
        file = opened
        if opened.endsWithinLine { try endLine() }
    }

    /// Ends the half line that a killed process has left.
    private func endLine() throws(SinkFailure) {
        do throws(SinkFailure) {
            _ = try [UInt8(ascii: "\n")].withUnsafeBufferPointer { newline throws(SinkFailure) in
                try append(newline)
            }
        } catch {
            // It is found again when the file is opened the next time.
            close()
            throw error
        }
    }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int {
        if let file, isDue(file, before: lines) {
            // A file that cannot be renamed goes on growing: that loses nothing.
            guard rename() else { return try append(lines) }
            try open()
        }
        return try append(rotation.run(of: lines, afterSize: file?.size ?? 0))
    }

    private func isDue(_ file: OpenFile, before lines: UnsafeBufferPointer<UInt8>) -> Bool {
        guard file.status.isRegular, file.size > 0, !file.endsWithinLine else { return false }
        return rotation.isFull(file.size, before: lines)
            || rotation.isTooOld(since: file.begin, at: time.wall)
    }

    private func rename() -> Bool {
        let failure = rotation.rename(name, at: time.wall)
        if let failure, !renamingFails {
            log(
                .warning, "the activity file cannot be rotated and goes on growing",
                [("file", name), ("error", failure.description)])
        }
        renamingFails = failure != nil
        return failure == nil
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> Int {
        guard let file else { throw SinkFailure(operation: "write", code: EBADF) }
        let count = try SystemFile.write(file.descriptor, bytes)
        self.file?.size += count
        self.file?.endsWithinLine = bytes[count - 1] != UInt8(ascii: "\n")
        if file.begin == nil { self.file?.begin = time.wall }
        return count
    }
}
