import PluginAPI

/// One request on a connection of its own, and its answer.
///
/// What the receiver asks for is noted and carried out at the turn's end; what the connection is ready
/// for is done at once. Whenever the receiver is called it may cancel: then `receiver` is nil, and the
/// stage tells.
final class ConnectionTransfer: Transfer {
    private let pool: ConnectionPool
    private unowned(unsafe) let transport: ConnectionTransport

    private var stage = Stage.resting
    private var receiver: (any TransferReceiver)?
    private var outgoing: OutgoingRequest?
    private var handle: ConnectHandle?
    private var connection: UpstreamConnection?
    private var writer = RequestWriter()
    private var reader = AnswerReader()
    private let trailers = Headers()
    /// The body's run that the receiver had no room for, at the front of the connection's input.
    private var refused: AnswerReader.Step?
    /// The receiver has not had room again since.
    private var isHeldBack = false
    /// A byte of an answer has come.
    private var hasReceived = false
    /// Why nothing can be sent any more. What was received before may still be an answer.
    private var sendingFailure: String?
    private var isNoted = false

    private enum Stage {
        case resting
        /// To be given a connection at the turn's end.
        case starting
        case connecting
        case exchanging
        /// To be ended at the turn's end.
        case cancelled
    }

    /// How much is moved in one go, so that a fast connection leaves time for the others.
    private static let share = 256 << 10

    init(_ pool: ConnectionPool) {
        self.pool = pool
        transport = pool.transport
    }

    // MARK: - From the receiver

    func start(_ outgoing: OutgoingRequest, _ receiver: any TransferReceiver) {
        self.outgoing = outgoing
        self.receiver = receiver
        stage = .starting
        note()
    }

    func bodyAvailable() { note() }

    func resume() {
        isHeldBack = false
        note()
    }

    func cancel() {
        guard stage != .resting else { return }
        stage = .cancelled
        receiver = nil
        note()
    }

    private func note() {
        guard !isNoted, stage != .resting else { return }
        isNoted = true
        transport.note(self)
    }

    func carryOut() {
        isNoted = false
        switch stage {
        case .starting:
            if let connection = pool.takeConnection() { use(connection) } else { connect() }
        case .exchanging: goOn()
        case .cancelled:
            abandon()
            end()
        case .resting, .connecting: break
        }
    }

    // MARK: - Getting a connection

    private func connect() {
        stage = .connecting
        handle = pool.takeHandle()
        handle!.connect(self)
    }

    /// The handle has made a connection, behind this descriptor.
    func connected(_ descriptor: Int32) {
        let handle = handle!
        self.handle = nil
        let isSecure = pool.target.isSecure
        if !isSecure { pool.giveBack(handle) }
        use(UpstreamConnection(descriptor, isSecure ? handle : nil, pool, transport.loop))
    }

    func connectingFailed(_ error: TransferError) {
        pool.giveBack(handle!)
        handle = nil
        fail(error)
    }

    private func use(_ connection: UpstreamConnection) {
        self.connection = connection
        connection.transfer = self
        guard let receiver else { return }
        stage = .exchanging
        hasReceived = false
        sendingFailure = nil
        receiver.transferConnected()
        guard stage == .exchanging else { return }
        // After a connection on which nothing could be sent, all of it is still here.
        if writer.hasSent || writer.isComplete {
            reader = AnswerReader(method: outgoing!.request.method)
            writer.begin(outgoing!, to: pool.target)
            guard writer.takeFirst(from: receiver) else { return failSending() }
        }
        goOn()
    }

    // MARK: - On the connection

    /// Sends and receives what can be.
    func goOn() {
        guard stage == .exchanging else { return }
        if send() { receive() }
    }

    /// - Returns: whether the transfer goes on.
    private func send() -> Bool {
        guard let connection, let receiver, connection.isWritable, sendingFailure == nil else {
            return true
        }
        var share = Self.share
        while true {
            let next = writer.next(from: receiver)
            guard stage == .exchanging else { return false }
            switch next {
            case .later, .complete: return true
            case .broken:
                failSending()
                return false
            case .bytes(let bytes):
                switch connection.send(bytes) {
                case .bytes(let count):
                    writer.sent(count)
                    share -= count
                case .blocked: break
                case .failed(let reason):
                    // There may be an answer that tells why.
                    sendingFailure = reason
                    connection.isReadable = true
                    return true
                }
                if !connection.isWritable { return true }
                if share <= 0 {
                    note()
                    return true
                }
            }
        }
    }

    private func receive() {
        guard let connection, !isHeldBack else { return }
        if let refused {
            self.refused = nil
            guard let used = take(connection.input.readable, first: refused) else { return }
            connection.input.consume(used)
        }
        var share = Self.share
        while !isHeldBack, connection.isReadable {
            guard share > 0 else { return note() }
            let received =
                connection.input.isEmpty
                ? connection.receive(transport.space)
                : connection.receive(connection.input.writable(minimum: 4096))
            switch received {
            case .bytes(let count):
                hasReceived = true
                share -= count
                guard use(count, on: connection) else { return }
            case .nothing:
                if let sendingFailure { return lost(sendingFailure) }
                return
            case .end:
                if reader.endsWithConnection { return answerHasEnded(mayKeep: false) }
                return lost(
                    hasReceived
                        ? "the connection closed before the answer's end"
                        : writer.isComplete
                            ? "the connection closed before an answer"
                            : "the connection closed before the request was sent")
            case .failed(let reason): return lost(reason)
            }
        }
    }

    /// Takes what has been received behind the connection's input.
    /// - Returns: whether the transfer goes on.
    private func use(_ count: Int, on connection: UpstreamConnection) -> Bool {
        if connection.input.isEmpty {
            let bytes = UnsafeBufferPointer(
                start: transport.space.baseAddress!.assumingMemoryBound(to: UInt8.self),
                count: count)
            guard let used = take(bytes) else { return false }
            if used < count { connection.input.append(bytes.slice(used..<count)) }
        } else {
            connection.input.commit(count)
            guard let used = take(connection.input.readable) else { return false }
            connection.input.consume(used)
        }
        return true
    }

    /// Tells the receiver what is in `bytes`.
    /// - Parameter first: what is known of their beginning.
    /// - Returns: how many bytes are done with; nil when the transfer is over.
    private func take(_ bytes: UnsafeBufferPointer<UInt8>, first: AnswerReader.Step? = nil) -> Int?
    {
        guard let receiver else { return nil }
        var position = 0
        var known = first
        while stage == .exchanging {
            let rest = bytes.slice(position..<bytes.count)
            let step =
                known
                ?? reader.next(
                    rest, into: receiver.incoming, trailers: reader.hasTrailers ? trailers : nil)
            known = nil
            switch step {
            case .needMore(let consumed): return position + consumed
            case .informational(let consumed):
                position += consumed
                receiver.transferInformational()
            case .head(let consumed):
                position += consumed
                receiver.transferHead()
            case .data(let run, let consumed, let isLast):
                guard receiver.transferBody(rest.slice(run)) else {
                    isHeldBack = true
                    refused = .data(
                        0..<run.count, consumed: consumed - run.lowerBound, isLast: isLast)
                    return stage == .exchanging ? position + run.lowerBound : nil
                }
                position += consumed
                if isLast, stage == .exchanging {
                    answerHasEnded(mayKeep: position == bytes.count)
                    return nil
                }
            case .end(let consumed):
                answerHasEnded(mayKeep: position + consumed == bytes.count)
                return nil
            case .invalid(let reason):
                fail(TransferError(.broken, reason))
                return nil
            }
        }
        return nil
    }

    // MARK: - The end

    /// - Parameter mayKeep: whether the connection has brought nothing but the answer, as far as is known.
    private func answerHasEnded(mayKeep: Bool) {
        let receiver = receiver!
        let connection = connection!
        self.connection = nil
        let fields = reader.hasTrailers && trailers.count > 0 ? trailers : nil
        // The rest of a request that was answered early would be taken for the next one's beginning.
        let mayKeep = mayKeep && reader.keepsConnection && writer.isComplete
        end()
        if mayKeep {
            connection.input.release()
            pool.keep(connection)
        } else {
            connection.close()
        }
        receiver.transferEnded(trailers: fields)
    }

    private func failSending() {
        fail(TransferError(.broken, "the request's body is not complete"))
    }

    private func fail(_ error: TransferError) {
        let receiver = receiver
        abandon()
        end()
        receiver?.transferFailed(error)
    }

    /// The connection has ended before the answer.
    ///
    /// When it was a kept one, the upstream may have closed it before the request came. It may also
    /// have acted on it, so only a request that may be repeated gets a second chance (RFC 9110 §9.2.2),
    /// or one of which nothing was sent; on a new connection, because the other kept ones may be gone as
    /// well.
    private func lost(_ reason: String) {
        guard connection!.isReused, !hasReceived else {
            return fail(TransferError(.broken, reason))
        }
        guard
            !writer.hasSent || outgoing!.request.method.isIdempotent && !writer.hasTaken
        else {
            return fail(
                TransferError(
                    .broken,
                    "the kept-alive connection closed before an answer, and the request must not be sent twice"
                ))
        }
        connection!.close()
        connection = nil
        connect()
    }

    /// Lets go of the connection, or of the attempt to make one.
    private func abandon() {
        connection?.close()
        connection = nil
        if let handle {
            handle.close()
            self.handle = nil
            pool.giveBack(handle)
        }
    }

    private func end() {
        stage = .resting
        receiver = nil
        outgoing = nil
        refused = nil
        isHeldBack = false
        writer.end()
        pool.giveBack(self)
    }
}
