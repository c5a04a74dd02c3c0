import Glibc
import PluginAPI

extension ListenAddress {
    /// A socket that listens there, non-blocking. With `SO_REUSEPORT`, so that each worker, and the
    /// process that takes over from this one, has its own.
    /// - Throws: `SystemError`.
    func listen() throws -> Int32 {
        switch self {
        case .tcp(_, let address, let port):
            return address.isV4 ? try listenV4(address, port) : try listenV6(address, port)
        case .unix(let path):
            return try listenUnix(path)
        }
    }

    private func listenV4(_ address: IPAddress, _ port: UInt16) throws -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
        return try bindAndListen(AF_INET, &name)
    }

    private func listenV6(_ address: IPAddress, _ port: UInt16) throws -> Int32 {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) {
            $0.storeBytes(of: address.bits.bigEndian, as: UInt128.self)
        }
        return try bindAndListen(AF_INET6, &name)
    }

    private func listenUnix(_ path: String) throws -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: name.sun_path) - 1
        guard path.utf8.count <= capacity else {
            throw SystemError(call: "bind", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        // A socket that an earlier process left behind would make the address seem in use. One that
        // somebody answers at is left alone.
        if Self.isSocket(path), Self.isAbandoned(name) { unlink(path) }
        return try bindAndListen(AF_UNIX, &name)
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func isAbandoned(_ name: sockaddr_un) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { Glibc.close(probe) }
        let result = withUnsafePointer(to: name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result < 0 && errno == ECONNREFUSED
    }

    private func bindAndListen<Name>(_ family: Int32, _ name: inout Name) throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try SystemError.check("socket", socket(family, type, 0))
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        if family != AF_UNIX {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size)
        }
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size)
        }
        do {
            try withUnsafePointer(to: &name) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = try SystemError.check(
                        "bind", bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size)))
                }
            }
            try SystemError.check("listen", Glibc.listen(descriptor, 4096))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Where a socket really listens: the port that the kernel chose for port 0.
    func bound(_ descriptor: Int32) -> ListenAddress {
        guard case .tcp(let host, let address, 0) = self else { return self }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard case .address(_, let port) = Peer(storage) else { return self }
        return .tcp(host: host, address, port: port)
    }
}

extension Peer {
    /// The other end of an accepted connection.
    init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let name = bytes.loadUnaligned(as: sockaddr_in.self)
                return .address(
                    IPAddress(v4: UInt32(bigEndian: name.sin_addr.s_addr)),
                    port: UInt16(bigEndian: name.sin_port))
            case AF_INET6:
                let name = bytes.loadUnaligned(as: sockaddr_in6.self)
                let bits = withUnsafeBytes(of: name.sin6_addr) {
                    UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self))
                }
                return .address(IPAddress(bits: bits), port: UInt16(bigEndian: name.sin6_port))
            default:
                return .local
            }
        }
    }
}
