import Glibc
import PluginAPI

/// From the socket to the exchange: heads, bodies, and what nobody wants.
extension ClientConnection {
    func process() {
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
    func step() -> Bool {
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
    func fill() -> Bool {
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

    func endOfInput() {
        peerHasClosed = true
        if stage != .exchange { close() }
    }

    func readProxyHead() -> Bool {
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

    func readHead() -> Bool {
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

    func begin(_ exchange: ExchangeRun) {
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

    func readBody() -> Bool {
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
    func decodeBody(_ exchange: ExchangeRun) -> Bool {
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

    func dropInput() -> Bool {
        input.removeAll()
        return fill()
    }

    /// The request's head is not usable: it is answered, recorded, and the connection ends.
    func refuse(status: Int, reason: String, message: String) {
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

}
