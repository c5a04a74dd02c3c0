import CCurl
import Glibc
import PluginAPI

/// One libcurl multi handle, driven by the loop's epoll and timers.
///
/// libcurl must not be called from inside a callback. So what exchanges want done with a transfer
/// (add, resume, remove) is noted and carried out at the turn's end, all together.
final class CurlMulti: EventHandler, TurnParticipant, CurlDriverUser {
    private var driver: CurlDriver!
    private let loop: EventLoop
    private var sockets: ContiguousArray<Socket> = []
    private var pending: ContiguousArray<CurlTransfer> = []

    /// libcurl changes its mind about a socket twice for each request. Telling epoll each time would
    /// cost two system calls, so epoll is told only when an event shows that what it watches is wrong.
    /// Watching is level-triggered: libcurl does not promise to read a socket dry.
    private struct Socket {
        var wanted: Events = []
        var watched: Events?
        /// The transfer that libcurl last named with it; over HTTP/2, one of several.
        var transfer: CurlTransfer?
        /// To which target it leads.
        var target: ObjectIdentifier?
        /// By which the kernel knows the socket, whose number may be somebody else's by now.
        var inode: ino_t = 0
        /// An HTTP/1 connection between two requests: nothing may come on it.
        var isIdle = false
        /// Its target is not configured any more.
        var isRetired = false
    }

    init(loop: EventLoop) {
        self.loop = loop
        driver = CurlDriver(self, loop)
        sluice_multi_set_long(driver.multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        loop.addParticipant(self)
    }

    deinit { driver.end() }

    // MARK: - What transfers ask for

    /// Sees to `transfer` at the turn's end.
    func note(_ transfer: CurlTransfer) {
        pending.append(transfer)
    }

    func turnEnded() -> Bool {
        guard !pending.isEmpty || driver.isDue else { return false }
        var index = 0
        // By index: finishing a transfer may note others.
        while index < pending.count {
            pending[index].carryOut(driver.multi)
            index += 1
        }
        pending.removeAll(keepingCapacity: true)
        driver.actIfDue()
        return true
    }

    // MARK: - Events

    func ready(_ descriptor: Int32, _ events: Events) {
        let socket = sockets[Int(descriptor)]
        var mask: Int32 = 0
        if events.contains(.readable), socket.wanted.contains(.readable) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable), socket.wanted.contains(.writable) {
            mask |= CURL_CSELECT_OUT
        }
        if !events.isDisjoint(with: .failed), !socket.wanted.isEmpty { mask |= CURL_CSELECT_ERR }
        if socket.isIdle {
            // The event may be of the answer that has been read meanwhile.
            if !Self.isQuiet(descriptor) { end(descriptor) }
            return
        }
        if mask == 0 || socket.watched != socket.wanted { correct(descriptor) }
        guard mask != 0 else { return }
        driver.act(descriptor, mask)
        if let transfer = socket.transfer, !transfer.isHTTP2, transfer.isSendingPaused,
            Self.hasEnded(descriptor)
        {
            transfer.upstreamHasClosed()
        }
    }

    /// Closes an idle connection on which something came: its end, an error, or bytes that nobody asked
    /// for, which must not be taken for the answer to the next request. libcurl would take them so: it
    /// only looks whether a connection has been closed, so that is what it is made to see.
    private func end(_ descriptor: Int32) {
        let index = Int(descriptor)
        sockets[index].isIdle = false
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { space in
            for _ in 0..<64
            where recv(descriptor, space.baseAddress, space.count, Int32(MSG_DONTWAIT)) <= 0 {
                return
            }
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
        correct(descriptor)
    }

    /// Closes all connections to a target.
    func endConnections(to target: Target) {
        let identity = ObjectIdentifier(target)
        for index in sockets.indices where sockets[index].target == identity && isOurs(index) {
            end(Int32(index))
        }
    }

    /// Closes the idle connections to a target, and those in use when they become idle.
    func retire(_ target: Target) {
        let identity = ObjectIdentifier(target)
        for index in sockets.indices where sockets[index].target == identity && isOurs(index) {
            sockets[index].isRetired = true
            if sockets[index].isIdle { end(Int32(index)) }
        }
    }

    /// Whether the descriptor still is the socket that was opened under its number: libcurl closes some
    /// without a word.
    private func isOurs(_ index: Int) -> Bool {
        if Self.inode(Int32(index)) == sockets[index].inode { return true }
        sockets[index] = Socket()
        return false
    }

    private static func inode(_ descriptor: Int32) -> ino_t {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : 0
    }

    /// Whether nothing has come, not even the end.
    private static func isQuiet(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    /// Whether the other side has closed and all that it sent is read.
    private static func hasEnded(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    // MARK: - libcurl's callbacks

    func finished(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
        CurlTransfer.of(easy)?.finished(code, driver.multi)
    }

    func watch(_ descriptor: Int32, _ what: Int32, _ easy: UnsafeMutableRawPointer?) {
        let index = Int(descriptor)
        while sockets.count <= index { sockets.append(Socket()) }
        switch what {
        case CURL_POLL_IN: sockets[index].wanted = .readable
        case CURL_POLL_OUT: sockets[index].wanted = .writable
        case CURL_POLL_INOUT: sockets[index].wanted = [.readable, .writable]
        default: sockets[index].wanted = []
        }
        let transfer = easy.flatMap { CurlTransfer.of($0) }
        sockets[index].transfer = sockets[index].wanted.isEmpty ? nil : transfer
        if !sockets[index].wanted.contains(.readable) {
            transfer?.stoppedReading(atEnd: Self.hasEnded(descriptor))
        }
        sockets[index].isIdle =
            sockets[index].wanted.isEmpty && transfer?.leavesConnectionIdle == true
        if sockets[index].isIdle, sockets[index].isRetired { return end(descriptor) }
        let missing =
            sockets[index].watched.map { !$0.isSuperset(of: sockets[index].wanted) } ?? true
        if missing, !sockets[index].wanted.isEmpty { correct(descriptor) }
        // One that libcurl made for itself (its resolver's) it also closes by itself, unseen.
        if sockets[index].wanted.isEmpty, sockets[index].target == nil { correct(descriptor) }
    }

    /// Makes epoll watch what libcurl wants.
    private func correct(_ descriptor: Int32) {
        let index = Int(descriptor)
        let wanted = sockets[index].wanted
        if wanted.isEmpty {
            if sockets[index].watched != nil { loop.unregister(descriptor) }
            sockets[index].watched = nil
        } else if sockets[index].watched == nil {
            loop.register(descriptor, wanted, self)
            sockets[index].watched = wanted
        } else {
            loop.modify(descriptor, wanted)
            sockets[index].watched = wanted
        }
    }

    /// libcurl wants a socket. It closes some without a word (one that could not be connected in time),
    /// so what is known of the number is forgotten here too.
    func opening(_ address: curl_sockaddr, to target: Target) -> Int32 {
        let descriptor = socket(
            address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
        guard descriptor >= 0 else { return descriptor }
        while sockets.count <= Int(descriptor) { sockets.append(Socket()) }
        forget(descriptor)
        sockets[Int(descriptor)].target = ObjectIdentifier(target)
        sockets[Int(descriptor)].inode = Self.inode(descriptor)
        return descriptor
    }

    /// libcurl closes a socket: the kernel forgets it by itself, and its number may come again at once.
    func closing(_ descriptor: Int32) -> Int32 {
        forget(descriptor)
        return close(descriptor)
    }

    private func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < sockets.count else { return }
        if sockets[index].watched != nil { loop.forget(descriptor) }
        sockets[index] = Socket()
    }
}

extension UnsafeMutableRawPointer {
    /// The multi handle's owner, as libcurl's callbacks bring it. It outlives the handle.
    var curlMulti: CurlMulti { Unmanaged<CurlMulti>.fromOpaque(self).takeUnretainedValue() }
}
