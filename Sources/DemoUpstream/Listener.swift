import Glibc

/// A listening TCP socket.
struct Listener: Sendable {
    private let descriptor: Int32

    /// The bound address, `HOST:PORT`, with the port that the system chose if 0 was asked for.
    let address: String

    init(_ wanted: ListenAddress) throws(DemoServerError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(wanted.host, String(wanted.port), &hints, &found)
        guard status == 0, let first = found else {
            throw .refused(wanted, String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(found) }

        let descriptor = socket(first.pointee.ai_family, first.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { throw .refused(wanted, systemErrorText()) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, 4096) == 0
        else {
            let reason = systemErrorText()
            Glibc.close(descriptor)
            throw .refused(wanted, reason)
        }
        self.descriptor = descriptor
        self.address = Self.boundAddress(of: descriptor)
    }

    /// Blocks for the next connection. Nil once ``stop()`` was called.
    func accept() -> Socket? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 { return Socket(accepted) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // The connection stays queued; without a pause this would spin until one is freed.
                _ = poll(nil, 0, 20)
            default: return nil
            }
        }
    }

    /// Wakes ``accept()`` for the last time.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Gives the port back. Only once nothing blocks in ``accept()`` any more.
    func close() {
        Glibc.close(descriptor)
    }

    private static func boundAddress(of descriptor: Int32) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length)
                getnameinfo(
                    address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        let hostText = text(host)
        return (hostText.contains(":") ? "[\(hostText)]" : hostText) + ":" + text(port)
    }

    private static func text(_ terminated: [CChar]) -> String {
        String(decoding: terminated.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
