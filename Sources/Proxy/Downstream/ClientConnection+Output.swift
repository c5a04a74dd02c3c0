import Glibc
import PluginAPI

/// From the exchange to the socket: the answer, and what follows it.
extension ClientConnection {
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
        if let length = head.contentLength, head.status != 304 || head.source == .upstream {
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
        if isWithoutBody {
            response.framing = .none
            response.isWithoutBody = true
        }
        note()
    }

    /// Whether the answer has no body, whatever its head announces: HEAD, 204, 304.
    var isWithoutBody: Bool { response.isWithoutBody }

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
        if response.framing == .untilClose, !(response.hasEnded && output.isEmpty) {
            // A plain close would be the answer's proper end.
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close()
    }

    func flush() {
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
    func write() -> Bool {
        while !output.isEmpty {
            let bytes = output.readable
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                output.consume(count)
                if response.hasEnded { exchange?.clientTookBytes() }
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

    func answerIsOut(_ exchange: ExchangeRun) {
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
    func finishExchange() -> Bool {
        releaseExchange()
        guard response.keepAlive, !worker.isDraining else {
            // A client that has been told it may send another may be doing so: it is not reset.
            if peerHasClosed || !response.keepAlive && input.isEmpty && !isReadable {
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

    func releaseExchange() {
        guard let run = exchange else { return }
        exchange = nil
        if !run.isDetached { worker.recycle(run) }
    }

    func beginLingering() {
        releaseExchange()
        shutdown(descriptor, Int32(SHUT_WR))
        stage = .lingering
        wait(.lingeringEnd, worker.isDraining ? Self.drainLingerTime : Self.lingerTime)
        note()
    }

}
