import CCurl
import Glibc
import PluginAPI

/// A connection to a target: its socket, plain or with TLS, and what it is good for at the moment.
///
/// The socket is edge-triggered and registered once, so what was ready is remembered here until it has
/// been used up.
final class UpstreamConnection: EventHandler {
    let descriptor: Int32
    /// That which does TLS; nil when the connection is plain.
    private let secure: ConnectHandle?
    private let loop: EventLoop
    unowned(unsafe) let pool: ConnectionPool
    /// Whose request is on it, which it keeps; nil while it is idle.
    var transfer: ConnectionTransfer?

    /// There may be something to read.
    var isReadable = false
    private(set) var isWritable = true
    /// The other side has closed; what it sent before may still be there.
    private(set) var peerHasClosed = false
    /// What was received and could not be used yet. Empty nearly always.
    var input = ByteBuffer()
    /// Whether it has served a request before the present one.
    var isReused = false
    var idleSince = MonotonicTime(nanoseconds: 0)

    enum Received {
        case bytes(Int)
        /// Nothing now.
        case nothing
        case end
        case failed(String)
    }

    enum Sent {
        case bytes(Int)
        /// Nothing now. The same bytes are to be offered again, from the same place.
        case blocked
        case failed(String)
    }

    init(_ descriptor: Int32, _ secure: ConnectHandle?, _ pool: ConnectionPool, _ loop: EventLoop) {
        self.descriptor = descriptor
        self.secure = secure
        self.pool = pool
        self.loop = loop
        loop.register(descriptor, [.readable, .writable, .peerClosed, .edgeTriggered], self)
    }

    func ready(_ descriptor: Int32, _ events: Events) {
        if secure != nil {
            // TLS may have to read before it can write, and the other way round.
            isReadable = true
            isWritable = true
        }
        if events.contains(.readable) { isReadable = true }
        if events.contains(.writable) { isWritable = true }
        if !events.isDisjoint(with: [.peerClosed, .failed]) {
            peerHasClosed = true
            isReadable = true
        }
        if let transfer {
            transfer.goOn()
        } else if !isQuiet {
            pool.discard(self)
        }
    }

    // MARK: - Bytes

    func receive(_ space: UnsafeMutableRawBufferPointer) -> Received {
        if let secure {
            var count = 0
            switch secure.receive(space, &count) {
            case CURLE_OK: return count > 0 ? .bytes(count) : .end
            case CURLE_AGAIN:
                isReadable = false
                return .nothing
            case let code: return .failed(String(cString: curl_easy_strerror(code)))
            }
        }
        while true {
            let count = recv(descriptor, space.baseAddress, space.count, 0)
            if count > 0 {
                // Less than there was room for is all there was.
                if count < space.count, !peerHasClosed { isReadable = false }
                return .bytes(count)
            }
            if count == 0 { return .end }
            if errno == EAGAIN {
                isReadable = false
                return .nothing
            }
            if errno != EINTR { return .failed(String(cString: strerror(errno))) }
        }
    }

    func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Sent {
        if let secure {
            var count = 0
            switch secure.send(bytes, &count) {
            case CURLE_OK: return .bytes(count)
            case CURLE_AGAIN:
                isWritable = false
                return .blocked
            case let code: return .failed(String(cString: curl_easy_strerror(code)))
            }
        }
        while true {
            let count = Glibc.send(
                descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                if count < bytes.count { isWritable = false }
                return .bytes(count)
            }
            if errno == EAGAIN {
                isWritable = false
                return .blocked
            }
            if errno != EINTR { return .failed(String(cString: strerror(errno))) }
        }
    }

    /// Whether nothing has come that nobody has asked for, not even the end.
    var isQuiet: Bool {
        if !isReadable { return true }
        return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { space in
            if case .nothing = receive(space) { true } else { false }
        }
    }

    // MARK: - The end

    func close() {
        transfer = nil
        loop.unregister(descriptor)
        if let secure { secure.close() } else { Glibc.close(descriptor) }
    }
}
