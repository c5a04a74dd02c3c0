import Foundation
import Glibc

/// A program of the system that runs beside a test.
///
/// It has no descriptor of this process but those that it is given. Other tests' sockets would stay
/// open in it when they are closed here, and whoever runs the tests would wait for its output to end
/// when they have crashed.
///
/// It is not Foundation's `Process`, which in Swift 6.3 reads behind the end of the list of open
/// descriptors when that is long, and now and then crashes.
final class ChildProgram {
    private let process: pid_t

    /// - Parameters:
    ///   - words: its name, which is looked for as a shell does, and its arguments.
    ///   - package: of apt, for who does not have it.
    ///   - sockets: descriptors that it has too, under the numbers that `environment` is told.
    ///   - output: the file for what it writes to its standard output and error.
    init(
        _ words: [String], package: String, output: String, sockets: [Int32] = [],
        environment: ([Int32]) -> [String] = { _ in [] }
    ) throws {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        let candidates = path.split(separator: ":").map { "\($0)/\(words[0])" }
        guard let program = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw Failure("\(words[0]) is not on the PATH (apt-get install \(package))")
        }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Numbers that none of the sockets has; a copy is open in the child.
        let first = (sockets.max() ?? 2) + 1
        let numbers = sockets.indices.map { first + Int32($0) }
        for (socket, number) in zip(sockets, numbers) {
            posix_spawn_file_actions_adddup2(&actions, socket, number)
        }
        // To close what is not open is no error.
        for number in 3..<Int32(4096) where !numbers.contains(number) {
            posix_spawn_file_actions_addclose(&actions, number)
        }

        var arguments = words.map { strdup($0) } + [nil]
        var variables = (["PATH=\(path)"] + environment(numbers)).map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, program, &actions, nil, &arguments, &variables)
        guard result == 0 else { throw Failure("\(program): \(String(cString: strerror(result)))") }
        self.process = process
    }

    /// Waits for its end.
    /// - Returns: whether that was with 0.
    func succeeds() -> Bool {
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status == 0
    }

    func end() {
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
