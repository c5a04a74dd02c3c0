import Glibc
import PluginAPI

/// Appends records to a file, which it renames and begins anew when it becomes too large or too old.
///
/// Before each batch it looks whether the path still leads to the file that it has open, so that a
/// file that somebody else has renamed or deleted is begun anew too; two instances, such as the old
/// and the new one during a reload, can write to one file.
final class FileSink: LineSink {
    let name: String
    private let rotation: FileRotation
    private let time: any TimeSource
    private let log: Log

    /// How long is waited for whoever reads a pipe.
    private static let patience: Duration = .seconds(1)

    private var file: OpenFile?
    private var mustReopen = false
    /// The beginning of a line has been taken back.
    private var mustRepeatLine = false
    private var renamingFails = false

    private struct OpenFile {
        let descriptor: Int32
        let status: SystemFile.Status
        /// In bytes.
        var size: Int
        /// When the first of its records was made; nil when there is none yet.
        var begin: WallTime?
        /// How many of the last bytes are the beginning of a line.
        var unended = 0

        var endsWithinLine: Bool { unended > 0 }
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
            let isCut = current.size < file.size
            self.file?.size = current.size
            if isCut { self.file?.unended = 0 }
            defer { mustRepeatLine = false }
            return isCut || mustRepeatLine
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
        (mustReopen, mustRepeatLine) = (false, false)
        var opened = OpenFile(descriptor: descriptor, status: status, size: status.size)
        if status.isRegular, status.size > 0 {
            let last = SystemFile.read(descriptor, count: 1, at: status.size - 1)
            if last != [UInt8(ascii: "\n")] { opened.unended = 1 }
            opened.begin = ActivityRecord.time(
                ofLine: SystemFile.read(descriptor, count: 64, at: 0))
        }
        file = opened
        if opened.endsWithinLine { try endLine() }
    }

    /// Ends the half line that a killed process has left.
    private func endLine() throws(SinkFailure) {
        guard let file else { return }
        do throws(SinkFailure) {
            let newline = [UInt8(ascii: "\n")]
            let count = try newline.withUnsafeBufferPointer { newline throws(SinkFailure) in
                try SystemFile.write(file.descriptor, newline)
            }
            self.file?.size += count
            self.file?.unended = 0
        } catch {
            // It is found again when the file is opened the next time.
            close()
            throw error
        }
    }

    func write(_ lines: UnsafeBufferPointer<UInt8>) throws(SinkFailure) -> SinkProgress {
        if let file, isDue(file, before: lines) {
            // A file that cannot be renamed goes on growing: that loses nothing.
            guard rename() else { return SinkProgress(bytes: try append(lines)) }
            try open()
        }
        return SinkProgress(
            bytes: try append(rotation.run(of: lines, afterSize: file?.size ?? 0)))
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
        guard var file else { throw SinkFailure(operation: "write", code: EBADF) }
        let count: Int
        do throws(SinkFailure) {
            count =
                file.status.isRegular
                ? try SystemFile.write(file.descriptor, bytes)
                : try SystemFile.write(file.descriptor, bytes, patience: Self.patience)
        } catch {
            // Whoever reads a pipe next knows nothing of a line that has begun.
            if error.code == EPIPE { close() } else { takeBackBeginning(of: file) }
            throw error
        }
        file.size += count
        if let end = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) {
            file.unended = count - 1 - end
        } else {
            file.unended += count
        }
        if file.begin == nil { file.begin = time.wall }
        self.file = file
        return count
    }

    /// A full disk may have taken the first bytes of a line. They go again, so that whoever reads the file
    /// meanwhile, or writes to it, finds whole lines; unless somebody has written behind them already.
    private func takeBackBeginning(of file: OpenFile) {
        guard file.status.isRegular, file.endsWithinLine,
            SystemFile.status(of: file.descriptor)?.size == file.size,
            ftruncate(file.descriptor, file.size - file.unended) == 0
        else { return }
        self.file?.size -= file.unended
        self.file?.unended = 0
        mustRepeatLine = true
    }
}
