import Glibc

/// Two connected sockets that keep the pieces apart which one of them is given: each is received by a
/// call of its own, so an answer is cut as it is meant to be without waiting for anybody.
struct PacketPair {
    let client: Int32
    let server: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            fatalError("no sockets: \(String(cString: strerror(errno)))")
        }
        (client, server) = (ends[0], ends[1])
    }

    /// - Returns: whether there was room.
    static func send(_ piece: UnsafeBufferPointer<UInt8>, to server: Int32) -> Bool {
        Glibc.send(server, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL)) == piece.count
    }

    /// Takes a request away, which is one piece.
    static func drain(_ server: Int32, _ space: UnsafeMutableRawBufferPointer) {
        recv(server, space.baseAddress, space.count, 0)
    }
}
