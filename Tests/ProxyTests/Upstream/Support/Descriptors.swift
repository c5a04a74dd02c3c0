import Glibc

/// The sockets of this process, in which the clients of all tests are.
enum Descriptors {
    /// How many open sockets are connected to that port.
    static func connected(to port: UInt16) throws -> Int {
        guard let folder = opendir("/proc/self/fd") else { throw Failure("no /proc/self/fd") }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name), ScriptedServer.port(number, getpeername) == port {
                count += 1
            }
        }
        return count
    }

    /// Waits until there is none.
    static func areGone(to port: UInt16, _ running: RunningLoop) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(1)
        while try connected(to: port) > 0 {
            guard ContinuousClock.now < deadline else { return false }
            try running.turn()
        }
        return true
    }

    /// How many sockets are on their way to that port; only the kernel's table knows.
    static func connecting(to port: UInt16) throws -> Int {
        let table = open("/proc/self/net/tcp", O_RDONLY)
        guard table >= 0 else { throw Failure("no /proc/self/net/tcp") }
        defer { close(table) }
        var text: [CChar] = []
        var part = [CChar](repeating: 0, count: 64 << 10)
        while case let count = read(table, &part, part.count), count > 0 { text += part[..<count] }
        text.append(0)
        // The end of the remote address, and the state SYN_SENT.
        let digits = String(port, radix: 16, uppercase: true)
        let wanted = ":\(String(repeating: "0", count: 4 - digits.count))\(digits) 02 "
        return text.withUnsafeBufferPointer { text in
            var count = 0
            var rest = text.baseAddress!
            while let place = strstr(rest, wanted) {
                count += 1
                rest = UnsafePointer(place) + 1
            }
            return count
        }
    }
}
