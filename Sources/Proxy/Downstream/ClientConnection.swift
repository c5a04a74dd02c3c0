import Glibc
import PluginAPI

/// One client's connection: its bytes in and out, the framing of requests and answers, its timeouts.
///
/// This file holds its state and its life; what comes in is in ClientConnection+Input, what goes out in
/// ClientConnection+Output.
///
/// The socket is edge-triggered and registered once. What is to be written is gathered and sent at the
/// turn's end, so a small answer leaves in one system call. One exchange runs at a time; requests sent
/// ahead of their turn wait in the socket.
final class ClientConnection: EventHandler, TimerTarget {
    let worker: Worker
    let endpoint: Endpoint
    var peer: Peer
    var descriptor: Int32

    var input = ByteBuffer()
    var output = ByteBuffer()
    var parser = RequestParser()
    var decoder = BodyDecoder(.none)
    var stage: Stage
    var exchange: ExchangeRun?
    var timer: LoopTimer!
    var waitingFor = Wait.nothing

    var isReadable = true
    var isWritable = true
    var peerHasClosed = false
    var isProcessing = false
    var isNoted = false
    var holdsBuffers = true

    // Of the exchange at hand
    var response = ResponseState()

    enum Stage {
        /// A PROXY protocol head is expected.
        case proxyHead
        case head
        case exchange
        /// The answer is out, the connection is to end: what the client still sends is read and
        /// dropped, because a reset would take the answer from it.
        case lingering
        case closed
    }

    enum Wait {
        case nothing, proxyHead, firstByte, restOfHead, body, nextRequest, lingeringEnd
    }

    struct ResponseState {
        var framing = BodyFraming.none
        var hasStarted = false
        var isWithoutBody = false
        var hasEnded = false
        var keepAlive = true
        var mayKeepAlive = true
        var saidContinue = false
        /// All of it has left, and the exchange is completed.
        var isOut = false
        /// Bytes of the request's body that nobody wanted any more.
        var discarded = 0
    }

    /// Above this many unsent bytes the upstream is held back; below half of it, it goes on.
    static let outputBound = 128 << 10
    /// How much of an unread request body is read and dropped to keep a connection.
    static let discardBound = 64 << 10
    /// How long an unused connection keeps its buffers.
    var bufferTime: Duration {
        settings.keepAliveTimeout >= .seconds(2) ? .seconds(1) : settings.keepAliveTimeout / 2
    }
    static let lingerTime = Duration.seconds(2)
    /// The same in a drain, which others wait for.
    static let drainLingerTime = Duration.milliseconds(500)

    init(_ descriptor: Int32, peer: Peer, endpoint: Endpoint, worker: Worker) {
        self.descriptor = descriptor
        self.peer = peer
        self.endpoint = endpoint
        self.worker = worker
        stage = endpoint.expectsProxyHead(from: peer) ? .proxyHead : .head
        timer = LoopTimer(self)
    }

    func open() {
        worker.loop.register(descriptor, [.readable, .writable, .peerClosed, .edgeTriggered], self)
        wait(stage == .proxyHead ? .proxyHead : .firstByte, settings.requestHeadersTimeout)
        process()
    }

    var settings: ServiceSettings { worker.settings }

    // MARK: - Events

    func ready(_ descriptor: Int32, _ events: Events) {
        if events.contains(.readable) { isReadable = true }
        if events.contains(.writable) {
            isWritable = true
            if !output.isEmpty { note() }
        }
        if !events.isDisjoint(with: [.peerClosed, .failed]) {
            peerHasClosed = true
            isReadable = true
        }
        process()
    }

    func timerFired(_ timer: LoopTimer) {
        switch waitingFor {
        case .nothing: break
        case .proxyHead, .firstByte, .lingeringEnd: close()
        case .nextRequest:
            guard holdsBuffers else { return close() }
            // Idle for the first while: the memory goes, the connection stays.
            holdsBuffers = false
            input.release()
            output.release()
            wait(.nextRequest, settings.keepAliveTimeout - bufferTime)
        case .restOfHead:
            refuse(
                status: 408, reason: "request_timeout",
                message: "The request's head did not arrive in time.")
        case .body:
            if response.isOut { close() } else { exchange?.bodyTimedOut() }
        }
    }

    func wait(_ what: Wait, _ duration: Duration) {
        waitingFor = what
        worker.loop.timers.set(timer, at: worker.loop.now + duration)
    }

    /// Sees to output and input at the turn's end.
    func note() {
        guard !isNoted else { return }
        isNoted = true
        worker.note(self)
    }

    func carryOut() {
        isNoted = false
        flush()
        process()
    }

    // MARK: - The end

    func clientIsGone() {
        exchange?.clientIsGone()
        close()
    }

    /// Ends the connection if nothing is going on; otherwise it ends after the answer at hand.
    func drain() {
        // Not closed: a request on its way would be answered with a reset. The client is told that no more is
        // read, and may close.
        if stage == .proxyHead || stage == .head && exchange == nil { beginLingering() }
    }

    /// Ends whatever is going on.
    func terminate() {
        exchange?.terminated()
        // What is whole here may still have to leave.
        if stage == .exchange, response.hasStarted, !response.isOut { abort() } else { close() }
    }

    func close() {
        guard stage != .closed else { return }
        stage = .closed
        releaseExchange()
        worker.loop.timers.cancel(timer)
        worker.loop.unregister(descriptor)
        Glibc.close(descriptor)
        worker.closed(self, descriptor)
        descriptor = -1
        input.release()
        output.release()
    }
}
