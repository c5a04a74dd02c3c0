import Glibc

/// A connected TCP socket, used blockingly by one thread. Only ``disconnect()`` may be called from another.
final class Socket: Sendable {
    /// Linux's value; Glibc declares it for _GNU_SOURCE only, which its Swift module is built without.
    private static let peerHungUp: Int16 = 0x2000

    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // Each event has to leave as its own segment, at once.
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    }

    /// Blocks for bytes. Returns 0 at the end of what the peer sends.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(ClientLeft) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw ClientLeft() }
        }
    }

    /// Blocks until the system took every byte. Small buffers leave in a single `send`.
    func send(_ bytes: [UInt8]) throws(ClientLeft) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(
                    descriptor, all.baseAddress! + sent, all.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR {
                throw ClientLeft()
            }
        }
    }

    /// Waits for `duration`, or until the client leaves, which throws.
    ///
    /// A client that only closed its sending side looks the same as one that closed the connection, and
    /// counts as gone, as it does for other servers that answer slowly.
    func pause(for duration: Duration) throws(ClientLeft) {
        guard duration > .zero else { return }
        let deadline = ContinuousClock.now + duration
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return }
            let (seconds, attoseconds) = left.components
            let milliseconds =
                seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
            var entry = pollfd(fd: descriptor, events: Self.peerHungUp, revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: milliseconds))
            if ready > 0 { throw ClientLeft() }
            if ready < 0 && errno != EINTR { throw ClientLeft() }
        }
    }

    /// Ends both directions and wakes whoever blocks on the socket. It stays open until ``close()``.
    func disconnect() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the sending direction and waits up to a second for the peer to end its own: closing at once,
    /// with bytes unread, would reset the connection and could take the answer with it.
    func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let deadline = ContinuousClock.now + .seconds(1)
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { scrap in
            while ContinuousClock.now < deadline,
                recv(descriptor, scrap.baseAddress, scrap.count, 0) > 0
            {}
        }
    }

    /// Makes ``close()`` reset the connection, so that an answer that ends with it does not look complete.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    func close() {
        Glibc.close(descriptor)
    }
}

/// The client closed the connection, or it broke.
struct ClientLeft: Error {}

/// Switches a boolean socket option on.
func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
}

/// The text of `errno`.
func systemErrorText() -> String {
    String(cString: strerror(errno))
}
