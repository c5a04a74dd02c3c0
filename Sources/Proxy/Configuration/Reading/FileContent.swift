import Glibc

/// Reads small files whole, and says why when it cannot.
enum FileContent {
    struct Problem: Error {
        /// In the system's words: `No such file or directory`.
        let reason: String
    }

    /// - Parameter limit: the most bytes that are taken into memory.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], Problem> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(.system) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(.system)
            }
            if count == 0 { return .success(content) }
            content += buffer[..<count]
            guard content.count <= limit else {
                return .failure(Problem(reason: "it is longer than \(limit) bytes"))
            }
        }
    }
}

extension FileContent.Problem {
    fileprivate static var system: Self { Self(reason: String(cString: strerror(errno))) }
}
