import Synchronization

/// Serves one connection, request after request, on the thread that calls ``serve()``.
final class Connection: Sendable {
    private let socket: Socket
    private let statistics: Statistics
    private let isDisconnected = Atomic(false)

    init(_ socket: Socket, _ statistics: Statistics) {
        self.socket = socket
        self.statistics = statistics
    }

    func serve() {
        let reader = RequestReader(socket)
        do {
            while let head = try reader.head() {
                statistics.update { if !routes.isForStatistics(head) { $0.requests += 1 } }
                guard try serve(head, reader) else { break }
            }
            socket.finish()
        } catch let violation as ProtocolViolation {
            let error = APIError.invalid(violation.message, status: violation.status)
            let writer = AnswerWriter(socket: socket, request: nil, keepsConnection: false)
            try? writer.whole(status: error.status, error.json, headers: [], isCutShort: false)
            socket.finish()
        } catch {
            // The client left, or the answer was to be cut short.
        }
    }

    /// Ends the connection from another thread.
    func disconnect() {
        isDisconnected.store(true, ordering: .relaxed)
        socket.disconnect()
    }

    func close() {
        socket.close()
    }

    private var routes: Routes { Routes(statistics: statistics) }

    /// Answers one request. False when the connection is to close in order.
    private func serve(_ head: RequestHead, _ reader: RequestReader) throws -> Bool {
        let writer = AnswerWriter(
            socket: socket, request: head, keepsConnection: head.keepsConnection)
        if head.framing != .none && head.minorVersion >= 1
            && head.lists("100-continue", in: "expect")
        {
            try writer.proceed()
        }
        let body = try reader.body(head.framing, keeping: routes.bodyLimit(head))
        do {
            return try answer(head, body, writer)
        } catch let error as ClientLeft {
            if !isDisconnected.load(ordering: .relaxed) {
                statistics.update { $0.abortedByClient += 1 }
            }
            throw error
        }
    }

    private func answer(
        _ head: RequestHead, _ body: RequestReader.Body, _ writer: AnswerWriter
    ) throws -> Bool {
        var knobs = Knobs()
        let answer: Answer
        do {
            if !routes.isForStatistics(head) {
                knobs = try Knobs(head)
                try socket.pause(for: knobs.latency)
                if let error = knobs.drawError() { throw error }
            }
            answer = try routes.answer(head, body, knobs)
        } catch let error as APIError {
            answer = .error(error)
        }

        switch answer {
        case .whole(let status, let json, let headers):
            let isCutShort = knobs.abortAfter != nil
            try writer.whole(
                status: status < 400 ? knobs.status ?? status : status, json, headers: headers,
                isCutShort: isCutShort)
            if isCutShort { throw CutShort() }
            return writer.keepsConnection
        case .stream(let completion):
            try send(completion, knobs, writer)
            return writer.keepsConnection && writer.isChunked
        }
    }

    private func send(
        _ completion: ChatCompletion, _ knobs: Knobs, _ writer: AnswerWriter
    ) throws {
        statistics.update { $0.activeStreams += 1 }
        var isFinished = false
        defer {
            if !isFinished { statistics.update { $0.activeStreams -= 1 } }
        }
        try writer.streamHead(status: knobs.status ?? 200)
        let (events, isCutShort) = completion.events(abortAfter: knobs.abortAfter)
        for (index, event) in events.enumerated() {
            if index > 0 { try socket.pause(for: knobs.chunkGap) }
            try writer.event(event)
        }
        if isCutShort {
            if !writer.isChunked { socket.resetOnClose() }
            throw CutShort()
        }
        // Counted before the end is sent, so that a client that saw the end finds it counted.
        isFinished = true
        statistics.update {
            $0.activeStreams -= 1
            $0.finishedStreams += 1
        }
        try? writer.streamEnd()
    }
}

/// A knob asked for the connection to be dropped.
private struct CutShort: Error {}
