import Glibc

/// Two connected sockets: one for the loop, one for the test.
final class SocketPair: @unchecked Sendable {
    let ours: Int32
    private var theirs: Int32

    init() throws {
        var sockets: [Int32] = [0, 0]
        guard
            socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &sockets)
                == 0
        else { throw Failure("socketpair: \(errno)") }
        (ours, theirs) = (sockets[0], sockets[1])
    }

    deinit {
        close(ours)
        closeTheirs()
    }

    func write(_ text: String) { _ = send(theirs, text, text.utf8.count, 0) }

    func closeTheirs() {
        if theirs >= 0 { close(theirs) }
        theirs = -1
    }
}
