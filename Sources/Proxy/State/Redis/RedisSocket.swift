import CHiredis
import Glibc
import PluginAPI

/// One TCP connection to a Redis server: a hiredis context on the loop's epoll.
///
/// hiredis connects, reads and parses; nothing in it waits. Its asynchronous layer, which would call
/// back, is left out: there, a reply that nobody asked for ends the process by an assertion
/// (redisProcessCallbacks in 0.14), and a refused connection frees the context in the middle of an
/// event. Here the context goes in one place, `close`, whoever calls it from wherever, and every step
/// afterwards finds it gone.
final class RedisSocket: EventHandler {
    private let loop: EventLoop
    private unowned let connection: RedisConnection
    /// Nil when closed.
    private var context: UnsafeMutablePointer<redisContext>?
    private let descriptor: Int32
    private var output = ByteBuffer()
    private var isConnected = false
    /// The kernel took less than all of `output`, and says when it takes more.
    private var isFull = false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Begins to connect.
    /// - Parameter address: in numbers, so that hiredis has nobody to ask for it.
    init(_ address: String, port: UInt16, loop: EventLoop, _ connection: RedisConnection)
        throws(Failure)
    {
        guard let context = redisConnectNonBlock(address, Int32(port)) else {
            throw Failure(description: "no memory is left for a connection")
        }
        guard context.pointee.err == 0 else {
            defer { redisFree(context) }
            throw Failure(description: context.errorWords)
        }
        self.loop = loop
        self.connection = connection
        self.context = context
        descriptor = context.pointee.fd
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        loop.register(descriptor, .writable, self)
    }

    var isOpen: Bool { context != nil }

    func close() {
        guard let context else { return }
        self.context = nil
        loop.unregister(descriptor)
        redisFree(context)
    }

    // MARK: - Writing

    /// Adds a command, which leaves with the next `flush`.
    /// - Parameter leading: stand before the other arguments.
    func append(
        _ name: StaticString, leading: RedisArguments = .none, _ arguments: RedisArguments
    ) {
        output.appendCommand(name, leading: leading, arguments)
    }

    func flush() {
        while !output.isEmpty, isOpen, !isFull {
            let bytes = output.readable
            let sent = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if sent >= 0 {
                output.consume(sent)
            } else if errno == EAGAIN {
                isFull = true
                loop.modify(descriptor, [.readable, .writable])
            } else if errno != EINTR {
                let cause = String(cString: strerror(errno))
                // What it said before it closed is a better cause.
                receive()
                if isOpen { fail(cause) }
            }
        }
    }

    // MARK: - Events

    func ready(_ descriptor: Int32, _ events: Events) {
        if !isConnected { return finishConnecting() }
        if events != .writable { receive() }
        if isOpen, isFull, events.contains(.writable) {
            isFull = false
            loop.modify(descriptor, .readable)
            flush()
        }
    }

    private func finishConnecting() {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        guard code == 0 else { return fail(String(cString: strerror(code))) }
        isConnected = true
        loop.modify(descriptor, .readable)
        connection.connected(self)
    }

    private func receive() {
        guard let context else { return }
        guard redisBufferRead(context) == REDIS_OK else { return fail(context.errorWords) }
        // Whoever gets a reply may close this, which ends the loop.
        while let context = self.context {
            var received: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &received) == REDIS_OK else {
                return fail(context.errorWords)
            }
            guard let received else { break }
            defer { freeReplyObject(received) }
            connection.received(RedisReply(received.assumingMemoryBound(to: redisReply.self)))
        }
        if let context = self.context, !connection.expectsReply, Self.hasPartOfReply(context) {
            fail("it sent what nobody had asked for")
        }
    }

    private static func hasPartOfReply(_ context: UnsafeMutablePointer<redisContext>) -> Bool {
        let reader = context.pointee.reader.pointee
        return reader.pos != reader.len || reader.ridx > 0
    }

    private func fail(_ cause: String) {
        close()
        connection.lost(cause)
    }

}
