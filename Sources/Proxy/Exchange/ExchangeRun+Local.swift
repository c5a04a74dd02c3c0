import PluginAPI

/// Requests that are answered here, without a chain: those of the admin listener.
extension ExchangeRun {
    func ask(_ service: any LocalService) {
        stage = .waitingForAnswer
        let generation = self.service.generation
        perform { run in
            let answer = await service.answer(run.exchange, generation)
            return { run.answered(answer) }
        }
    }

    private func answered(_ answer: LocalAnswer) {
        guard case .waitingForAnswer = stage else { return }
        switch answer {
        case .whole(let answer): send(answer)
        case .stream(let headers, let interval, let piece):
            fill(exchange.response, from: Answer(headers: headers))
            exchange.response.contentLength = nil
            sendHead()
            guard !connection.isWithoutBody else { return endStream() }
            stage = .streaming
            stream = LocalStream(interval: interval, piece: piece)
            sendPiece()
        }
    }

    /// Sends the next piece of a stream, if the client takes it, and waits for the time of the one after.
    func sendPiece() {
        guard let stream else { return }
        loop.timers.set(timer, at: loop.now + stream.interval)
        // A client that does not read misses pieces.
        guard connection.hasRoom, isReusable else { return }
        perform { run in
            let bytes = await stream.piece()
            return { run.took(bytes) }
        }
    }

    private func took(_ bytes: [UInt8]?) {
        guard case .streaming = stage else { return }
        guard let bytes else { return endStream() }
        bytes.withUnsafeBufferPointer { connection.sendBody($0) }
    }

    private func endStream() {
        stage = .answering
        connection.sendEnd(trailers: nil)
    }

    /// Runs something asynchronous on this loop, and then what it returns; nothing if the client has left.
    private func perform(_ body: @escaping (ExchangeRun) async -> () -> Void) {
        task = .suspended
        // The exchange does not leave its loop: the task runs there and nowhere else.
        nonisolated(unsafe) let run = self
        nonisolated(unsafe) let body = body
        Task.immediate(executorPreference: loop) {
            let then = await body(run)
            run.task = .none
            if run.isReleased { run.worker.recycle(run) } else { then() }
        }
    }
}

/// An answer that goes on until the client leaves.
struct LocalStream {
    let interval: Duration
    let piece: StreamPiece
}
