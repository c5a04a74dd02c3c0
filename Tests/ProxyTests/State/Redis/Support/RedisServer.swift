import Foundation
import Glibc

@testable import Proxy

/// A real redis-server on a free port of 127.0.0.1, which keeps nothing on disk.
final class RedisServer {
    private(set) var port: UInt16 = 0
    private let folder: TemporaryFolder
    private let arguments: [String]
    private var process: pid_t = 0

    /// - Parameter arguments: more of redis-server's, such as `--requirepass`, `secret`.
    init(_ arguments: String...) throws {
        folder = try TemporaryFolder()
        self.arguments = arguments
        // Somebody else may take the port between the moment when it was free and the server's start.
        for _ in 0..<10 {
            let reserved = try ScriptedServer.reserve()
            port = ScriptedServer.port(of: reserved)
            close(reserved)
            if try start() { return }
        }
        throw Failure("redis-server does not start")
    }

    deinit { kill() }

    func address(user: String? = nil, password: String? = nil, database: Int = 0) -> RedisAddress {
        RedisAddress(
            host: "127.0.0.1", port: port, user: user, password: password, database: database)
    }

    // MARK: - What happens to servers

    /// Ends it as a crash would.
    func kill() {
        guard process > 0 else { return }
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
        process = 0
    }

    /// Starts it again, empty, on the same port.
    func restart() throws {
        kill()
        guard try start() else { throw Failure("redis-server does not start again") }
    }

    /// Stops it as an overloaded machine would: its connections stay open, and nothing answers.
    func pause() throws {
        Glibc.kill(process, SIGSTOP)
        var status: Int32 = 0
        guard waitpid(process, &status, WUNTRACED) == process else { throw Failure("waitpid") }
    }

    func resume() { Glibc.kill(process, SIGCONT) }

    /// Sends a command over a connection of its own.
    /// - Returns: the first line of the answer, such as `+OK`.
    @discardableResult
    func tell(_ command: String) throws -> String {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure("connect: \(String(cString: strerror(errno)))") }
        let line = command + "\r\n"
        _ = send(descriptor, line, line.utf8.count, Int32(MSG_NOSIGNAL))
        return try Self.line(from: descriptor) ?? ""
    }

    // MARK: - Starting

    /// - Returns: false when it ended at once, which is what it does when its port is taken.
    private func start() throws -> Bool {
        var output: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &output) == 0 else {
            throw Failure("socketpair: \(errno)")
        }
        defer { close(output[0]) }
        process = try spawn(output: output[1])
        close(output[1])
        while let line = try Self.line(from: output[0]) {
            if line.contains("Ready to accept connections") { return true }
        }
        kill()
        return false
    }

    private func spawn(output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        // One that a crash of the tests leaves behind must not hold the tests' own output open.
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Other tests' sockets must not stay open in it when they are closed here.
        // To close what is not open is no error.
        for number in 3..<Int32(4096) { posix_spawn_file_actions_addclose(&actions, number) }
        let words =
            [
                "/usr/bin/env", "redis-server", "--port", "\(port)", "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no", "--dir", folder.path,
            ] + arguments
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        var argumentList = words.map { strdup($0) } + [nil]
        var variables = [strdup("PATH=\(path):/usr/sbin:/sbin"), nil]
        defer { for text in argumentList + variables { free(text) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, words[0], &actions, nil, &argumentList, &variables)
        guard result == 0 else { throw Failure("env: \(String(cString: strerror(result)))") }
        return process
    }

    private static func line(from descriptor: Int32) throws -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else {
                return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            if byte != UInt8(ascii: "\r") { line.append(byte) }
        }
    }
}
