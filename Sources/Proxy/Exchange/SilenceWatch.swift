import PluginAPI

/// Watches over an exchange whose client has long been sent nothing.
final class SilenceWatch: TimerTarget {
    private unowned(unsafe) let run: ExchangeRun
    private var timer: LoopTimer!

    init(_ run: ExchangeRun) {
        self.run = run
        timer = LoopTimer(self)
    }

    deinit { run.loop.timers.cancel(timer) }

    func wait(_ duration: Duration) { run.loop.timers.set(timer, at: run.loop.now + duration) }

    func timerFired(_ timer: LoopTimer) { run.clientHasBeenSentNothing() }
}

/// What clients are sent while the upstream is silent.
extension ExchangeRun {
    /// The upstream's head has come and gone out, or nothing of it can be taken back for another reason.
    var answerHasBegun: Bool { headIsSent && !headIsEarly }

    /// Begins to count the time in which the client is sent nothing.
    func watchSilence(for duration: Duration) {
        let watch = silence ?? SilenceWatch(self)
        silence = watch
        watch.wait(duration)
    }

    /// The time is over; or it was an earlier exchange's, because watches are not called off.
    func clientHasBeenSentNothing() {
        switch stage {
        case .upstream, .waitingToRetry: break
        default: return
        }
        guard !isDetached else { return }
        if !headIsSent, let early = exchange.earlyHead { return sendEarlyHead(early) }
        let filler = headIsEarly ? exchange.earlyHead?.filler : exchange.response.filler
        guard headIsSent, let filler, filler.interval > .zero else { return }
        let silence = loop.now - lastSent
        guard silence >= filler.interval else {
            return watchSilence(for: filler.interval - silence)
        }
        lastSent = loop.now
        watchSilence(for: filler.interval)
        guard !filler.bytes.isEmpty, connection.hasRoom, !connection.isWithoutBody,
            headIsEarly || exchange.response.contentLength == nil
        else { return }
        exchange.outcome.bytesOut += filler.bytes.count
        filler.bytes.withUnsafeBufferPointer { connection.sendBody($0) }
    }

    private func sendEarlyHead(_ early: EarlyHead) {
        let head = Response()
        head.source = .proxy
        head.status = 200
        for (name, value) in early.headers {
            guard let name = HeaderName(name) else { continue }
            head.headers.append(name, value)
        }
        head.headers.set("x-request-id", to: exchange.requestID)
        headIsSent = true
        headIsEarly = true
        exchange.outcome.status = 200
        exchange.outcome.timeToFirstByte = loop.now - began
        connection.sendHead(head, for: exchange.request)
        guard !connection.isWithoutBody else { return }
        early.filler.bytes.withUnsafeBufferPointer { connection.sendBody($0) }
        lastSent = loop.now
        watchSilence(for: early.filler.interval)
    }
}
