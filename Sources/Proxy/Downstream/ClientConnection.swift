import Glibc
import PluginAPI

/// One client's connection: its bytes in and out, the framing of requests and answers, its timeouts.
///
/// The socket is edge-triggered and registered once. What is to be written is gathered and sent at the
/// turn's end, so a small answer leaves in one system call. One exchange runs at a time; requests sent
/// ahead of their turn wait in the socket.
final class ClientConnection: EventHandler, TimerTarget {
    private let worker: Worker
    let endpoint: Endpoint
    private(set) var peer: Peer
    private var descriptor: Int32

    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var parser = RequestParser()
    private var decoder = BodyDecoder(.none)
    private var stage: Stage
    private var exchange: ExchangeRun?
    private var timer: LoopTimer!
    private var waitingFor = Wait.nothing

    private var isReadable = true
    private var isWritable = true
    private var peerHasClosed = false
    private var isProcessing = false
    private var isNoted = false
    private var holdsBuffers = true

    // Of the exchange at hand
    private var response = ResponseState()

    private enum Stage {
        /// A PROXY protocol head is expected.
        case proxyHead
        case head
        case exchange
        /// The answer is out, the connection is to end: what the client still sends is read and
        /// dropped, because a reset would take the answer from it.
        case lingering
        case closed
    }

    private enum Wait {
        case nothing, proxyHead, firstByte, restOfHead, body, nextRequest, lingeringEnd
    }

    private struct ResponseState {
        var framing = BodyFraming.none
        var hasStarted = false
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
    private static let discardBound = 64 << 10
    /// How long an unused connection keeps its buffers.
    private var bufferTime: Duration { min(.seconds(1), settings.keepAliveTimeout / 2) }
    private static let lingerTime = Duration.seconds(2)

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

    private var settings: ServiceSettings { worker.settings }

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

    private func wait(_ what: Wait, _ duration: Duration) {
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

    // MARK: - In

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        while step() {}
        isProcessing = false
        // Whether the client closed or only ended its side cannot be told; like nginx, an answer is not
        // worked on for someone who may be gone. One that is complete is sent.
        guard peerHasClosed, stage == .exchange else { return }
        if response.isOut { close() } else if !response.hasEnded { clientIsGone() }
    }

    /// - Returns: whether there may be more to do at once.
    private func step() -> Bool {
        switch stage {
        case .proxyHead: readProxyHead()
        case .head: readHead()
        case .exchange: readBody()
        case .lingering: dropInput()
        case .closed: false
        }
    }

    /// Receives what there is, up to a bound.
    /// - Returns: whether anything came.
    private func fill() -> Bool {
        guard isReadable, stage != .closed else { return false }
        let space = input.writable(minimum: stage == .exchange ? 16 << 10 : 2 << 10)
        let count = recv(descriptor, space.baseAddress, space.count, 0)
        if count > 0 {
            input.commit(count)
            holdsBuffers = true
            // Less than there was room for: the socket is dry, and a new event will come for more. Not
            // so after the peer closed: the end that follows makes no event of its own.
            if count < space.count, !peerHasClosed { isReadable = false }
            return true
        }
        if count < 0, errno == EINTR { return fill() }
        isReadable = false
        if count == 0 || errno != EAGAIN { endOfInput() }
        return false
    }

    private func endOfInput() {
        peerHasClosed = true
        if stage != .exchange { close() }
    }

    private func readProxyHead() -> Bool {
        if input.isEmpty, !fill() { return false }
        switch ProxyProtocol.parse(input.readable) {
        case .incomplete: return fill()
        case .invalid:
            worker.log(
                .warning, "connection without a valid PROXY protocol head",
                [("peer", peer.description)])
            close()
            return false
        case .header(let source, let consumed):
            input.consume(consumed)
            if let source { peer = source }
            stage = .head
            wait(.firstByte, settings.requestHeadersTimeout)
            return true
        }
    }

    private func readHead() -> Bool {
        // A client that sends ahead and does not read its answers waits like any other.
        guard output.count < Self.outputBound else { return false }
        if input.isEmpty, !fill() { return false }
        if exchange == nil {
            exchange = worker.takeExchange()
            exchange!.firstByteArrived()
            wait(.restOfHead, settings.requestHeadersTimeout)
        }
        let exchange = exchange!
        switch parser.parse(input.readable, into: exchange.exchange.request, limits: settings.head)
        {
        case .incomplete:
            return fill()
        case .invalid(let error):
            refuse(status: error.status, reason: "\(error.reason)", message: "\(error.message)")
            return false
        case .head(let consumed):
            input.consume(consumed)
            begin(exchange)
            return true
        }
    }

    private func begin(_ exchange: ExchangeRun) {
        waitingFor = .nothing
        stage = .exchange
        decoder = BodyDecoder(parser.framing, limits: settings.head)
        response = ResponseState()
        response.mayKeepAlive = parser.keepAlive
        exchange.begin(self, framing: parser.framing, expectsContinue: parser.expectsContinue)
        // A small body is often here already; with it the upstream gets everything in one piece.
        while !input.isEmpty, !decoder.isComplete, exchange.wantsBody, decodeBody(exchange) {}
        exchange.start()
    }

    private func readBody() -> Bool {
        guard let exchange, !decoder.isComplete else { return false }
        // What nobody wants is read and dropped, but not before the answer has left.
        guard response.isOut || !response.hasEnded && exchange.wantsBody else {
            if waitingFor == .body { waitingFor = .nothing }
            return false
        }
        if input.isEmpty, parser.expectsContinue, !response.saidContinue, !response.hasStarted {
            response.saidContinue = true
            HeadWriter.writeContinue(to: &output)
            note()
        }
        if input.isEmpty || !decodeBody(exchange) {
            guard stage == .exchange, fill() else {
                if stage == .exchange { wait(.body, settings.requestBodyIdleTimeout) }
                return stage == .lingering
            }
            waitingFor = .nothing
        }
        if response.isOut {
            if decoder.isComplete { return finishExchange() }
            if response.discarded > Self.discardBound { beginLingering() }
        }
        return stage == .exchange || stage == .lingering
    }

    /// Takes the next run of body bytes from what has been received.
    /// - Returns: false when more must be received first, or the exchange has been given up.
    private func decodeBody(_ exchange: ExchangeRun) -> Bool {
        let isDiscarding = response.isOut
        switch decoder.decode(input.readable, trailers: exchange.requestTrailers) {
        case .data(let range, let consumed, let isLast):
            // The bytes stay where they are until more is received.
            let bytes = UnsafeBufferPointer(rebasing: input.readable[range])
            input.consume(consumed)
            if isDiscarding {
                response.discarded += consumed
            } else {
                exchange.receiveBody(bytes, isLast: isLast)
            }
        case .end(let consumed):
            input.consume(consumed)
            if !isDiscarding {
                exchange.receiveBody(UnsafeBufferPointer(start: nil, count: 0), isLast: true)
            }
        case .needMore(let consumed):
            input.consume(consumed)
            if !isDiscarding, decoder.announced > 0 { exchange.expectBody(decoder.announced) }
            return false
        case .invalid(let error):
            response.mayKeepAlive = false
            if isDiscarding { beginLingering() } else { exchange.bodyIsMalformed(error) }
            return false
        }
        if !isDiscarding, decoder.announced > 0 { exchange.expectBody(decoder.announced) }
        return true
    }

    private func dropInput() -> Bool {
        input.removeAll()
        return fill()
    }

    /// The request's head is not usable: it is answered, recorded, and the connection ends.
    private func refuse(status: Int, reason: String, message: String) {
        let run = exchange ?? worker.takeExchange()
        exchange = run
        stage = .exchange
        waitingFor = .nothing
        decoder = BodyDecoder(.none)
        response = ResponseState()
        response.mayKeepAlive = false
        run.refuseHead(self, status: status, reason: reason, message: message)
    }

    /// The exchange wants body bytes again.
    func resumeReading() {
        guard !decoder.isComplete else { return }
        note()
    }

    // MARK: - Out

    /// Whether the answer's bytes may go on coming.
    var hasRoom: Bool { output.count < Self.outputBound }
    var isFlushed: Bool { output.isEmpty }
    var requestIsComplete: Bool { decoder.isComplete }

    func sendInformational(_ informational: Response, for request: Request) {
        guard request.minorVersion == 1, !response.hasStarted else { return }
        HeadWriter.writeResponse(
            informational, framing: .none, keepAlive: true, minorVersion: 1, date: nil, to: &output)
        note()
    }

    /// Writes the answer's head, with the framing that fits its length and the client's version.
    func sendHead(_ head: Response, for request: Request) {
        response.hasStarted = true
        var keepAlive = response.mayKeepAlive && !worker.isDraining && !peerHasClosed
        // An answer of the proxy's own may come before the request's body has. A short rest is read and
        // dropped; a long one, or one that waits for 100 Continue, costs the connection.
        if head.source == .proxy, !decoder.isComplete {
            if case .length(let length) = parser.framing, length <= Self.discardBound,
                !parser.expectsContinue || response.saidContinue
            {
            } else {
                keepAlive = false
            }
        }
        let isWithoutBody = head.status == 204 || head.status == 304 || request.method == .head
        if let length = head.contentLength {
            response.framing = .length(length)
        } else if isWithoutBody {
            response.framing = .none
        } else if request.minorVersion == 1 {
            response.framing = .chunked
        } else {
            response.framing = .untilClose
            keepAlive = false
        }
        if head.status == 204 { response.framing = .none }
        response.keepAlive = keepAlive
        HeadWriter.writeResponse(
            head, framing: response.framing, keepAlive: keepAlive,
            minorVersion: request.minorVersion,
            date: worker.date, to: &output)
        if isWithoutBody { response.framing = .none }
        note()
    }

    func sendBody(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch response.framing {
        case .none: return
        case .chunked: ChunkWriter.write(bytes, to: &output)
        case .length, .untilClose: output.append(bytes)
        }
        note()
    }

    func sendEnd(trailers: Headers?) {
        if response.framing == .chunked { ChunkWriter.writeLast(trailers: trailers, to: &output) }
        response.hasEnded = true
        note()
    }

    /// The connection cannot be used for another request.
    func endAfterAnswer() { response.mayKeepAlive = false }

    /// Ends the connection so that a truncated answer does not look complete.
    func abort() {
        if isWritable, !write() { return }
        if response.framing == .untilClose {
            // A plain close would be the answer's proper end.
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close()
    }

    private func flush() {
        guard stage != .closed else { return }
        if !output.isEmpty {
            guard isWritable, write() else { return }
        }
        guard output.isEmpty || output.count < Self.outputBound / 2 else { return }
        guard stage == .exchange, let exchange else { return }
        if response.hasEnded {
            if output.isEmpty, !response.isOut { answerIsOut(exchange) }
        } else {
            exchange.clientHasRoom()
        }
    }

    /// - Returns: false when the connection is gone.
    private func write() -> Bool {
        while !output.isEmpty {
            let bytes = output.readable
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                output.consume(count)
            } else if errno == EAGAIN {
                isWritable = false
                return true
            } else if errno != EINTR {
                if stage == .exchange { clientIsGone() } else { close() }
                return false
            }
        }
        return true
    }

    private func answerIsOut(_ exchange: ExchangeRun) {
        response.isOut = true
        exchange.complete()
        if decoder.isComplete {
            _ = finishExchange()
        } else if !response.keepAlive || parser.expectsContinue && !response.saidContinue {
            // In the second case the client waits for a word that it need not have any more.
            beginLingering()
        } else {
            // The rest of the body is read and dropped first.
            note()
        }
    }

    /// - Returns: whether the connection goes on.
    private func finishExchange() -> Bool {
        releaseExchange()
        guard response.keepAlive, !worker.isDraining else {
            if peerHasClosed || input.isEmpty && !isReadable {
                close()
                return false
            }
            beginLingering()
            return true
        }
        parser.reset()
        stage = .head
        wait(.nextRequest, bufferTime)
        // What was sent ahead is read at the turn's end, when this call has returned.
        if !input.isEmpty || isReadable { note() }
        return true
    }

    private func releaseExchange() {
        guard let run = exchange else { return }
        exchange = nil
        worker.recycle(run)
    }

    private func beginLingering() {
        releaseExchange()
        shutdown(descriptor, Int32(SHUT_WR))
        stage = .lingering
        wait(.lingeringEnd, Self.lingerTime)
        note()
    }

    // MARK: - The end

    private func clientIsGone() {
        exchange?.clientIsGone()
        close()
    }

    /// Ends the connection if nothing is going on; otherwise it ends after the answer at hand.
    func drain() {
        if stage == .head, exchange == nil { close() }
    }

    /// Ends whatever is going on.
    func terminate() {
        exchange?.terminated()
        close()
    }

    private func close() {
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
