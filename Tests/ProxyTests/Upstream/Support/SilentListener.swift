import Glibc

@testable import Proxy

/// A listener whose queue is full: the kernel drops what would begin a connection, so connecting to it
/// takes for ever.
final class SilentListener {
    let port: UInt16
    private let listener: Int32
    private var fillers: [Int32] = []
    /// How many connections of its own are on their way for ever.
    private(set) var waiting = 0

    init() throws {
        listener = try ScriptedServer.reserve()
        guard listen(listener, 0) == 0 else { throw Failure("listen: \(errno)") }
        port = ScriptedServer.port(of: listener)
        // A queue of no length takes one; the others are there in case the kernel is generous.
        for _ in 0..<4 {
            let descriptor = socket(
                AF_INET,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                    | Int32(SOCK_NONBLOCK.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            fillers.append(descriptor)
        }
        waiting = try Descriptors.connecting(to: port)
    }

    deinit {
        for descriptor in fillers + [listener] { close(descriptor) }
    }

    var target: Target { target(connectTimeout: .seconds(5)) }

    func target(connectTimeout: Duration) -> Target {
        Target(
            .tcp(isSecure: false, host: "127.0.0.1", port: port), connectTimeout: connectTimeout)
    }
}
