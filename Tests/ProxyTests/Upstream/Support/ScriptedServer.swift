import Foundation
import Glibc

@testable import Proxy

/// A server that does with each connection what its script says, byte by byte, on a thread of its own.
///
/// When the script returns, or throws because the client was not as it expected, the connection is
/// closed. What the server received is on record, and `connections` tells how many there were.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ServerConnection) throws -> Void

    let port: UInt16
    private let path: String?
    private let listener: Int32
    private let accepts: Bool
    let connections = Watched<[ServerConnection]>([])
    let requests = Watched<[ReceivedRequest]>([])
    /// What went wrong in scripts.
    let failures = Watched<[String]>([])
    private let stopped = Watched(false)

    /// - Parameters:
    ///   - path: listens at a unix socket instead.
    ///   - accepts: false leaves connections in the kernel's queue, which has room for `backlog`.
    init(
        path: String? = nil, backlog: Int32 = 512, accepts: Bool = true, _ script: @escaping Script
    ) throws {
        self.path = path
        listener = try path.map(Self.listen(atPath:)) ?? Self.reserve()
        guard Glibc.listen(listener, backlog) == 0 else { throw Failure("listen: \(errno)") }
        port = path == nil ? Self.port(of: listener) : 0
        self.accepts = accepts
        guard accepts else { return }
        Thread.detachNewThread { [listener, connections, requests, failures, stopped] in
            Self.accept(listener, connections, requests, failures, stopped, script)
        }
    }

    deinit {
        stopped.change { $0 = true }
        if accepts {
            // The thread that accepts is woken by this, and closes the descriptor.
            shutdown(listener, Int32(SHUT_RDWR))
        } else {
            close(listener)
        }
        for connection in connections.current { connection.disturb() }
        if let path { unlink(path) }
    }

    /// A server with one script for each connection, in order. There must not be more connections.
    static func inTurn(_ scripts: Script...) throws -> ScriptedServer {
        try ScriptedServer { connection in
            guard connection.number < scripts.count else {
                throw Failure("connection \(connection.number) was not expected")
            }
            try scripts[connection.number](connection)
        }
    }

    /// A server that answers every request.
    static func answering(_ body: String = "hello") throws -> ScriptedServer {
        try ScriptedServer { connection in
            while try connection.request() != nil { try connection.answer(body) }
        }
    }

    /// Where it is for a transport.
    func target(connectTimeout: Duration = .seconds(5)) -> Target {
        Target(
            path.map { .unix(path: $0) } ?? .tcp(isSecure: false, host: "127.0.0.1", port: port),
            connectTimeout: connectTimeout)
    }

    // MARK: - Sockets

    /// A socket with a port that the kernel chose, at which nobody listens.
    static func reserve() throws -> Int32 {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure("bind: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    static func port(of descriptor: Int32) -> UInt16 {
        port(descriptor, getsockname)
    }

    /// The port of one end of a TCP connection; 0 for any other descriptor.
    static func port(
        _ descriptor: Int32,
        _ name: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return 0 }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func listen(atPath path: String) throws -> Int32 {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure("bind: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    private static func accept(
        _ listener: Int32, _ connections: Watched<[ServerConnection]>,
        _ requests: Watched<[ReceivedRequest]>, _ failures: Watched<[String]>,
        _ stopped: Watched<Bool>, _ script: @escaping Script
    ) {
        defer { close(listener) }
        while !stopped.current {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            let connection = connections.change { list in
                list.append(
                    ServerConnection(
                        descriptor, number: list.count, clientPort: port(descriptor, getpeername),
                        received: requests))
                return list.last!
            }
            if stopped.current { connection.disturb() }
            Thread.detachNewThread {
                do {
                    try script(connection)
                } catch {
                    failures.change { $0.append("connection \(connection.number): \(error)") }
                }
                connection.close()
            }
        }
    }
}
