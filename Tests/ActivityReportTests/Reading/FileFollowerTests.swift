import Foundation
import PluginTesting
import Testing

@testable import ActivityReport

@Suite("Following a log", .timeLimit(.minutes(1)))
struct FileFollowerTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("activity.jsonl")
        try append(1)
    }

    private func line(_ number: Int) -> String {
        "{\"time\":\"2026-01-31T12:00:00Z\",\"status\":\(number)}\n"
    }

    private func append(_ number: Int) throws { try append(line(number)) }

    private func append(_ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        defer { close(descriptor) }
        try #require(write(descriptor, text, text.utf8.count) == text.utf8.count)
    }

    /// A follower of the log, and what it has handed on.
    private final class Following {
        let reader: ActivityRecordReader
        let follower: FileFollower
        private(set) var seen: [Int64] = []

        init(_ path: String, fromEnd: Bool) throws {
            reader = ActivityRecordReader(name: path)
            follower = try FileFollower(path, into: reader, fromEnd: fromEnd)
        }

        func read() throws -> [Int64] {
            try follower.readNew { seen.append($0.count(.status) ?? 0) }
            return seen
        }

        /// Reads after each event until so many have been seen; the suite's time limit ends it otherwise.
        func await(_ count: Int) throws -> [Int64] {
            while try read().count < count { follower.wait(milliseconds: -1) }
            return seen
        }
    }

    @Test("gives what is there, or only what comes")
    func start() throws {
        let all = try Following(path, fromEnd: false)
        let new = try Following(path, fromEnd: true)
        #expect(try all.read() == [1])
        #expect(try new.read() == [])
        try append(2)
        #expect(try all.await(2) == [1, 2])
        #expect(try new.await(1) == [2])
    }

    @Test("is woken when something is written, by whoever writes it")
    func woken() async throws {
        let following = try Following(path, fromEnd: false)
        #expect(try following.read() == [1])
        let path = path
        let writer = Thread {
            for number in 2...50 {
                let descriptor = open(path, O_WRONLY | O_APPEND)
                let text = "{\"time\":\"2026-01-31T12:00:00Z\",\"status\":\(number)}\n"
                _ = write(descriptor, text, text.utf8.count)
                close(descriptor)
            }
        }
        writer.start()
        #expect(try following.await(50) == Array(1...50))
    }

    @Test("goes on in the new file when the log is rotated, and loses nothing of the old one")
    func rotation() throws {
        let following = try Following(path, fromEnd: false)
        #expect(try following.read() == [1])
        try append(2)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".20260131T120000Z")
        // Between the two there is no file.
        #expect(try following.read() == [1, 2])
        try append(3)
        #expect(try following.await(3) == [1, 2, 3])
        // Twice before it is looked at again.
        try append(4)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".20260131T120001Z")
        try append(5)
        #expect(try following.await(5) == [1, 2, 3, 4, 5])
    }

    @Test("begins at the beginning of a file that is truncated")
    func truncation() throws {
        let following = try Following(path, fromEnd: false)
        try append(2)
        try append("{\"time\":\"2026-")
        #expect(try following.read() == [1, 2])
        try #require(truncate(path, 0) == 0)
        #expect(try following.read() == [1, 2])
        try append(3)
        #expect(try following.await(3) == [1, 2, 3])
        #expect(following.reader.skipped.count == 0)
    }

    @Test("waits for the end of a line that is half written")
    func half() throws {
        let text = line(2)
        try append(String(text.prefix(20)))
        // Also when it begins in the middle of that line.
        let (all, new) = (
            try Following(path, fromEnd: false), try Following(path, fromEnd: true)
        )
        #expect(try all.read() == [1])
        #expect(try new.read() == [])
        try append(String(text.dropFirst(20)))
        #expect(try all.await(2) == [1, 2])
        #expect(try new.await(1) == [2])
        #expect(new.reader.skipped.count == 0)
    }

    @Test("sees what is written through a link to another folder")
    func link() throws {
        let other = try TemporaryFolder()
        let link = other.path("link.jsonl")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let following = try Following(link, fromEnd: true)
        #expect(try following.read() == [])
        try append(2)
        #expect(try following.await(1) == [2])
    }

    @Test("of a file that is not there is an error that names it")
    func missing() throws {
        let error = #expect(throws: InputFailure.self) {
            try Following(folder.path("none.jsonl"), fromEnd: true)
        }
        #expect(
            error?.description
                == "\(folder.path("none.jsonl")): the file cannot be read: No such file or directory"
        )
    }
}
