import Glibc

/// Where a client connects to, for a connection that keeps pieces apart as `PacketPair` does.
struct PacketListener {
    /// In the system's namespace of names that are no files.
    let name = "sluice-answers-\(getpid())"
    private let descriptor = socket()

    init() {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard result == 0, listen(descriptor, 16) == 0 else {
            fatalError("no listener: \(String(cString: strerror(errno)))")
        }
    }

    static func socket() -> Int32 {
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return Glibc.socket(AF_UNIX, kind, 0)
    }

    /// - Returns: the server's end of a connection that has been made; nil when there is none.
    func accept() -> Int32? {
        let server = Glibc.accept(descriptor, nil, nil)
        guard server >= 0 else { return nil }
        _ = fcntl(server, F_SETFL, O_NONBLOCK)
        return server
    }
}
